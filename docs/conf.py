"""The settings of the site, for `./run docs` and for rosdoc2 (`rosdoc2 build --package-path .`).

rosdoc2 copies docs/ into a site of its own, executes this file in the middle of its own settings,
and allows only the extensions and the theme that it brings.
"""

import importlib.util
import sys
from pathlib import Path

IS_ROSDOC2 = 'rosdoc2_settings' in globals()
if IS_ROSDOC2:
    ROOT = Path(importlib.util.find_spec('facemesh_ros').origin).parents[1]
else:
    ROOT = Path(__file__).resolve().parents[1]
    sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / 'tools'))

if IS_ROSDOC2:
    extensions = ['sphinx_rtd_theme', 'sphinx.ext.napoleon']
    html_theme = 'sphinx_rtd_theme'
else:
    extensions = ['myst_parser', 'sphinx.ext.autodoc', 'sphinx.ext.napoleon']
    # Readable on a phone, light and dark, and nothing in it comes from other servers.
    html_theme = 'furo'
    html_static_path = ['_static']
    html_css_files = ['site.css']
    project = html_title = 'facemesh_ros'
    html_copy_source = html_show_sphinx = html_show_copyright = False
    html_use_index = html_domain_indices = False

myst_heading_anchors = 4
# Docstrings and comments write code in single backticks.
default_role = 'code'
highlight_language = 'text'
# Dashes, but quotes as they were typed.
smartquotes_action = 'D'
napoleon_use_ivar = True
autodoc_member_order = 'bysource'
autodoc_typehints = 'description'
autodoc_typehints_description_target = 'documented'
linkcheck_timeout = 20
linkcheck_anchors = False

# Modules that rosdoc2 does not find behind their keys, without a key, or made by a build alone.
# For the modules that rosdoc2 reads besides, numpy and OpenCV must be there: they calculate with
# them when they are imported.
MAYBE_MISSING = (
    'openvino',
    'PIL',
    'ai_edge_litert',
    'ament_index_python',
    'builtin_interfaces',
    'cv2',
    'facemesh_ros.msg',
    'facemesh_ros.native',
    'foxglove_msgs',
    'hri_msgs',
    'onnx',
    'rcl_interfaces',
    'rclpy',
    'sensor_msgs',
    'skimage',
    'std_msgs',
    'tf2_ros',
    'tflite',
    'vision_msgs',
)
autodoc_mock_imports = [name for name in MAYBE_MISSING if importlib.util.find_spec(name) is None]


def setup(app):
    """Write the reference before Sphinx looks for pages, and lead links to where pages are."""
    from reference.repository import Site
    from sphinx.ext.autodoc.mock import mock

    docs = Path(app.srcdir, 'docs') if IS_ROSDOC2 else Path(app.srcdir)
    site = Site(ROOT, docs)
    with mock(autodoc_mock_imports):
        from reference.pages import write_pages

        write_pages(ROOT, docs)

    def translate(app, name, source):
        path = Path(app.env.doc2path(name))
        if path.parent == docs:
            text = site.translated(source[0], f'docs/{path.name}', Path(path.name))
            source[0] = site.without_absent_pages(text) if path.stem == 'index' else text

    def is_skipped(app, what, name, item, skip, options):
        # A field of a named tuple: its class tells of it.
        return True if type(item).__name__ == '_tuplegetter' else None

    app.connect('source-read', translate)
    app.connect('autodoc-skip-member', is_skipped)
