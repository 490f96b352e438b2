"""Which conversions belong to a converter version; run it after raising CONVERTER_VERSION.

What is hashed is the content of the graphs, not the files: those change with the version of onnx.

    FACEMESH_MODEL_DIR=FOLDER python test/models/golden/conversions.py
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import onnx
from onnx import helper, numpy_helper

RECORD = Path(__file__).with_name('conversions.json')


def digest(content: bytes) -> str:
    """Return a hash of an ONNX file's nodes, constants, inputs, outputs and opset."""
    model = onnx.load_from_string(content)
    graph = model.graph
    hashed = hashlib.sha256(f'{model.ir_version} {model.opset_import[0].version}'.encode())
    for node in graph.node:
        attributes = sorted((a.name, str(helper.get_attribute_value(a))) for a in node.attribute)
        hashed.update(repr((node.op_type, [*node.input], [*node.output], attributes)).encode())
    for item in graph.initializer:
        array = numpy_helper.to_array(item)
        hashed.update(repr((item.name, array.dtype.str, array.shape)).encode() + array.tobytes())
    for end in (*graph.input, *graph.output):
        axes = [axis.dim_param or axis.dim_value for axis in end.type.tensor_type.shape.dim]
        hashed.update(repr((end.name, end.type.tensor_type.elem_type, axes)).encode())
    return hashed.hexdigest()


def main() -> None:
    """Convert every model and write the record."""
    from facemesh_ros.catalog.models import CATALOG, CONVERTER_VERSION
    from facemesh_ros.models.convert.tflite_to_onnx import onnx_files
    from facemesh_ros.models.store import ModelStore

    store, digests = ModelStore(), {}
    for entry in CATALOG.values():
        files = onnx_files(store.original(entry), entry)
        digests.update({name: digest(content) for name, content in files.items()})
    record = {'converter_version': CONVERTER_VERSION, 'digests': digests}
    RECORD.write_text(json.dumps(record, indent=1) + '\n')


if __name__ == '__main__':
    main()
