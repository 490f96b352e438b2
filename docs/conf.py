"""What rosdoc2 cannot know of this package: `rosdoc2 build --package-path .` runs this file."""

import importlib.util

extensions = ['sphinx_rtd_theme', 'sphinx.ext.napoleon']
html_theme = 'sphinx_rtd_theme'
napoleon_use_ivar = True
autodoc_member_order = 'bysource'
myst_heading_anchors = 4

# Modules that rosdoc2 does not find behind their keys, without a key, or made by a build alone.
# numpy and OpenCV must be there: modules calculate with them when they are imported.
MAYBE_MISSING = (
    'PIL',
    'ai_edge_litert',
    'builtin_interfaces',
    'facemesh_ros.msg',
    'foxglove_msgs',
    'hri_msgs',
    'onnx',
    'skimage',
    'tf2_ros',
    'tflite',
    'vision_msgs',
)
autodoc_mock_imports = [name for name in MAYBE_MISSING if importlib.util.find_spec(name) is None]
