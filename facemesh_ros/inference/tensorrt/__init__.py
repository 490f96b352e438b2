"""TensorRT engines: built once, cached, never while a robot waits."""
