"""ONNX Runtime: sessions, execution providers, and what really runs where."""
