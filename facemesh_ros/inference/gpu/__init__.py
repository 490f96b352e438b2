"""Models on a GPU: each image is uploaded once, and crops of all cameras share batches."""
