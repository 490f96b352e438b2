"""TFLite to ONNX. Needs the packages onnx, tflite and flatbuffers; nothing else imports them."""
