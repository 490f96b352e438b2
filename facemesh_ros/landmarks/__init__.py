"""Face landmarks: the FaceMesh models and the refinement of their ROI."""
