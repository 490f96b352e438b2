"""What models exist: their pinned files, their inputs and outputs, their thresholds."""
