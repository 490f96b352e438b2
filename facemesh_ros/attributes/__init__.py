"""What is read off landmarks: blendshapes."""
