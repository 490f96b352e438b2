"""`facemesh models build-engines`: TensorRT engines, ahead of the node's first start."""

from __future__ import annotations

import argparse
import logging

from facemesh_ros.cli.setting_options import add_settings, chosen_settings
from facemesh_ros.errors import FacemeshError
from facemesh_ros.settings.pipeline import SensorSettings

_OPTIONS = {
    'landmark_model': '--landmark-model',
    'detector': '--detector',
    'device_id': '--device-id',
    'precision': '--precision',
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the settings that engines depend on."""
    add_settings(parser, _OPTIONS)


def build(arguments: argparse.Namespace) -> int:
    """Build the engines that a node with these settings would build when it is configured."""
    from facemesh_ros.assembly.face_sensor import build_engines
    from facemesh_ros.inference.cache_folder import FOLDER_VARIABLE

    settings = SensorSettings(
        model_dir=arguments.dir or '', **chosen_settings(arguments, _OPTIONS)
    )
    logging.basicConfig(level=logging.INFO, format='facemesh: %(message)s')  # the progress
    cache, models = build_engines(settings)
    if not cache.is_kept:
        raise FacemeshError(
            f'the engines were built but cannot be kept; set ${FOLDER_VARIABLE} to a folder that '
            'can be written'
        )
    print(f'TensorRT engines are ready in {cache.folder}: {", ".join(models)}.')
    return 0
