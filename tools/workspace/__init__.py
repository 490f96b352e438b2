"""What `./run` does: bring a machine to where the package is built, and start things there."""
