"""Writes attention.npz: what MediaPipe's own graph gets out of the attention model.

LiteRT cannot run that model's custom operators, so MediaPipe's calculators run it: no crop, no
tracking, one 192x192 picture in, raw tensors and merged landmarks out. Needs the package
mediapipe 0.10.21 and nothing else of this project:

    python test/models/golden/attention_reference.py PICTURE

PICTURE is `skimage.data.astronaut()` saved as a PNG. The margin of the project's conversion is
measured by test_conversion.py.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import mediapipe
import numpy as np
from attention_pictures import digest, pictures
from mediapipe.python import packet_creator, packet_getter
from mediapipe.python._framework_bindings import calculator_graph, resource_util

MODEL = 'mediapipe/modules/face_landmark/face_landmark_with_attention.tflite'
OUTPUTS = (
    'output_mesh_identity',
    'output_lips',
    'output_left_eye',
    'output_right_eye',
    'output_left_iris',
    'output_right_iris',
    'conv_faceflag',
)


def graph_text() -> str:
    """Inference, one node per raw output behind it, and MediaPipe's own merge."""
    each = ' '.join(f'ranges {{ begin: {i} end: {i + 1} }}' for i in range(len(OUTPUTS)))
    floats = ''.join(_floats(name) for name in OUTPUTS)
    return f"""
        input_stream: "image"
        node {{
          calculator: "ImageToTensorCalculator"
          input_stream: "IMAGE:image"
          output_stream: "TENSORS:input"
          options {{ [mediapipe.ImageToTensorCalculatorOptions.ext] {{
            output_tensor_width: 192
            output_tensor_height: 192
            output_tensor_float_range {{ min: 0.0 max: 1.0 }}
          }} }}
        }}
        node {{
          calculator: "TfLiteCustomOpResolverCalculator"
          output_side_packet: "OP_RESOLVER:operators"
        }}
        {_inference('raw')}
        {_split('raw', [f'tensor_{name}' for name in OUTPUTS], each)}
        {floats}
        {_inference('merged')}
        {_split('merged', ['refinable'], 'ranges { begin: 0 end: 6 }')}
        node {{
          calculator: "TensorsToFaceLandmarksWithAttention"
          input_stream: "TENSORS:refinable"
          output_stream: "LANDMARKS:landmarks"
        }}
    """


# A split takes its tensors away from everyone else, so each use has an inference of its own.
def _inference(stream: str) -> str:
    return f'''
        node {{
          calculator: "InferenceCalculator"
          input_side_packet: "OP_RESOLVER:operators"
          input_stream: "TENSORS:input"
          output_stream: "TENSORS:{stream}"
          options {{ [mediapipe.InferenceCalculatorOptions.ext] {{
            model_path: "{MODEL}"
            delegate {{ xnnpack {{}} }}
          }} }}
        }}'''


def _split(stream: str, names: list[str], ranges: str) -> str:
    outputs = ' '.join(f'output_stream: "{name}"' for name in names)
    return f'''
        node {{
          calculator: "SplitTensorVectorCalculator"
          input_stream: "{stream}"
          {outputs}
          options {{ [mediapipe.SplitVectorCalculatorOptions.ext] {{ {ranges} }} }}
        }}'''


def _floats(name: str) -> str:
    return f"""
        node {{
          calculator: "TensorsToFloatsCalculator"
          input_stream: "TENSORS:tensor_{name}"
          output_stream: "FLOATS:{name}"
        }}"""


def run(graph: calculator_graph.CalculatorGraph, images: np.ndarray) -> dict[str, np.ndarray]:
    """Return what the graph says of each picture."""
    seen: dict[str, list] = {name: [] for name in (*OUTPUTS, 'landmarks')}
    for name in OUTPUTS:
        graph.observe_output_stream(
            name, lambda name, packet: seen[name].append(packet_getter.get_float_list(packet))
        )
    graph.observe_output_stream(
        'landmarks', lambda _, packet: seen['landmarks'].append(_points(packet))
    )
    graph.start_run()
    for index, image in enumerate(images):
        frame = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=image)
        graph.add_packet_to_input_stream('image', packet_creator.create_image(frame).at(index))
        graph.wait_until_idle()
    graph.close_all_packet_sources()
    graph.wait_until_done()
    return {name: np.asarray(values, np.float32) for name, values in seen.items()}


def _points(packet: mediapipe.Packet) -> list[tuple[float, float, float]]:
    landmarks = packet_getter.get_proto(packet).landmark
    return [(point.x * 192, point.y * 192, point.z * 192) for point in landmarks]


def main() -> None:
    """Write the file beside this script."""
    astronaut = cv2.cvtColor(cv2.imread(sys.argv[1]), cv2.COLOR_BGR2RGB)
    images = pictures(astronaut)
    resource_util.set_resource_dir(str(Path(mediapipe.__file__).parents[1]))
    graph = calculator_graph.CalculatorGraph(graph_config=graph_text())
    outputs = run(graph, images)
    np.savez_compressed(
        Path(__file__).with_name('attention.npz'),
        pictures_sha256=digest(images),
        versions=f'mediapipe {mediapipe.__version__}, numpy {np.__version__}',
        **outputs,
    )


if __name__ == '__main__':
    main()
