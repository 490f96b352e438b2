"""The way of an image: the only place that knows the order of the stages."""
