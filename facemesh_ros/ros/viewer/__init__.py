"""What a running node sees, given to a viewer: `facemesh view` without a file."""
