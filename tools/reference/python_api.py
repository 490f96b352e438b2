"""The Python interface, which Sphinx reads from the docstrings."""

from __future__ import annotations

from reference.markdown import block, page

_INTRODUCTION = 'A first node, and examples: [Nodes that read faces](../consumers.md).'
_MODULE = """\
.. automodule:: facemesh_ros.consumer
   :members:
   :member-order: groupwise
"""


def python_page() -> str:
    """Return the page of `facemesh_ros.consumer`."""
    return page('Python API', _INTRODUCTION, block(_MODULE, '{eval-rst}'))
