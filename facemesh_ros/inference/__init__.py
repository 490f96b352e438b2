"""ONNX Runtime: sessions, execution providers, and a report of what runs where."""
