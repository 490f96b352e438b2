"""The summary at the end of a demo, and its files."""

from __future__ import annotations

import argparse
import sys

from facemesh_ros.io import write_picture
from facemesh_ros.ros.demo.arguments import PICTURE
from facemesh_ros.ros.demo.camera_node import source_arguments
from facemesh_ros.ros.demo.monitor import Monitor
from facemesh_ros.ros.demo.recording import Recording
from facemesh_ros.ros.process.middleware import is_fast_dds
from facemesh_ros.ros.process.signals import EXIT_INTERRUPTED

# Of the answered images with the bundled face; with fewer, this software is at fault.
MIN_FACE_SHARE = 0.95
# Of the images sent; with fewer answers, the reason is printed.
MIN_ANSWERED_SHARE = 0.95


def report(arguments: argparse.Namespace, monitor: Monitor, recording: Recording) -> int:
    """Print the counts, write picture and video, and return the exit status."""
    answered = monitor.images.answered
    if not answered:
        print('demo: ended before the first image', file=sys.stderr)
        return EXIT_INTERRUPTED
    counted = [
        f'{images} with {faces} face{"s" * (faces != 1)} ({images / answered:.1%})'
        for faces, images in sorted(monitor.images.faces.items())
    ]
    print(f'{monitor.images.sent} images sent, {answered} answered: {", ".join(counted)}')
    if answered < MIN_ANSWERED_SHARE * monitor.images.sent:
        if monitor.lost > (monitor.images.sent - answered) / 2:
            lost = monitor.lost
            why = ': is /dev/shm too small?' if is_fast_dds() else ''
            print(f'{lost} images were lost between the processes{why}')
        else:
            print('This machine is too slow for all images; the node processes the newest one.')
    _write_picture(arguments, monitor)
    recording.close()
    if recording.pictures:
        whole = ' of the run, as --record says' if recording.is_full else ''
        print(f'video: {recording.path.resolve()}, {recording.seconds:.1f} s{whole}')
    bundled = not source_arguments(arguments)
    if bundled and monitor.images.faces[1] < MIN_FACE_SHARE * answered:
        print(
            f'demo: fewer than {MIN_FACE_SHARE:.0%} of the images show the face', file=sys.stderr
        )
        return 1
    return 0


def _write_picture(arguments: argparse.Namespace, monitor: Monitor) -> None:
    if monitor.picture is None:
        seen = any(count for faces, count in monitor.images.faces.items() if faces)
        why = 'no annotated image arrived' if seen else 'no face was seen'
        print(f'{why}, so there is no picture', file=sys.stderr)
        return
    path = (arguments.output / PICTURE).resolve()
    write_picture(path, monitor.picture)
    print(f'picture: {path}')
