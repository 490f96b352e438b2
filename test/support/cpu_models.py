"""Detectors and landmark models of this package by themselves, on the CPU."""

from __future__ import annotations

from facemesh_ros.catalog.models import detector_spec, landmark_spec
from facemesh_ros.detection.blazeface import BlazeFace
from facemesh_ros.inference.crop_model import CpuCropModel
from facemesh_ros.inference.model_loader import load_session
from facemesh_ros.inference.providers import ProviderChoice
from facemesh_ros.inference.session import ModelSession
from facemesh_ros.landmarks.face_mesh import FaceMesh
from facemesh_ros.models.store import ModelStore

MAX_IOU_OF = 'v2'  # detections are suppressed as for this landmark model


def cpu_session(name: str) -> ModelSession:
    """Load a model of the store on the CPU."""
    return load_session(ModelStore(), name, ProviderChoice('cpu'))


def detector(name: str, session: ModelSession) -> BlazeFace:
    """Return a detector that runs a session."""
    model = CpuCropModel(session, BlazeFace.OUTPUTS)
    return BlazeFace(model, detector_spec(name), landmark_spec(MAX_IOU_OF).max_iou)


def landmark_model(session: ModelSession) -> FaceMesh:
    """Return a landmark model that runs a session."""
    return FaceMesh(CpuCropModel(session, FaceMesh.OUTPUTS))
