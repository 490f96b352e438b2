"""The models on a GPU: one upload of each image, one download, crops of all cameras together."""
