"""ICT-FaceKit's identity modes, brought to the landmarks of the face mesh."""
