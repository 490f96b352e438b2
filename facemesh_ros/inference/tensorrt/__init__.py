"""TensorRT engines: built once, before the models serve, and cached."""
