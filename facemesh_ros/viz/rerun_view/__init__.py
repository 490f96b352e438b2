"""Faces in the viewer Rerun: picture with mesh, faces in space, and curves over time."""

from facemesh_ros.viz.rerun_view.rerun_view import RerunView, SavedView
from facemesh_ros.viz.rerun_view.view_target import Place, ViewTarget

__all__ = ['Place', 'RerunView', 'SavedView', 'ViewTarget']
