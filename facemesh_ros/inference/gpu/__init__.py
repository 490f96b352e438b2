"""Models on a GPU: one upload of each image, one download, crops of all cameras in one batch."""
