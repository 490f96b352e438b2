"""What is said at the end of a demo, and the files that it leaves."""

from __future__ import annotations

import argparse
import sys

from facemesh_ros.io import write_picture
from facemesh_ros.ros.demo.arguments import PICTURE
from facemesh_ros.ros.demo.camera_node import source_arguments
from facemesh_ros.ros.demo.monitor import Monitor
from facemesh_ros.ros.demo.recording import Recording
from facemesh_ros.ros.process.signals import ENDED_BY_SIGNAL

# Of the answered images with the bundled face; with fewer, this software is at fault.
WANTED_SHARE = 0.95
# Of the images sent; with fewer answers, the user is told why.
ANSWERED_SHARE = 0.95


def report(arguments: argparse.Namespace, witness: Monitor, recording: Recording) -> int:
    """Say what was seen and where the pictures lie, and return the exit status."""
    answered = witness.answered
    if not answered:
        print('demo: ended before the first image', file=sys.stderr)
        return ENDED_BY_SIGNAL
    counted = [
        f'{images} with {faces} face{"s" * (faces != 1)} ({images / answered:.1%})'
        for faces, images in sorted(witness.answers.items())
    ]
    print(f'{witness.sent} images sent, {answered} answered: {", ".join(counted)}')
    if answered < ANSWERED_SHARE * witness.sent:
        print(_why_fewer(witness))
    _write_picture(arguments, witness)
    _end_video(recording)
    bundled = not source_arguments(arguments)
    if bundled and witness.answers[1] < WANTED_SHARE * answered:
        print(f'demo: fewer than {WANTED_SHARE:.0%} carried the face', file=sys.stderr)
        return 1
    return 0


def _why_fewer(witness: Monitor) -> str:
    if witness.lost > (witness.sent - witness.answered) / 2:
        return f'{witness.lost} images were lost between the processes: is /dev/shm too small?'
    return 'This machine is too busy for all of them; the node takes the newest each time.'


def _write_picture(arguments: argparse.Namespace, witness: Monitor) -> None:
    if witness.picture is None:
        seen = any(count for faces, count in witness.answers.items() if faces)
        what = 'no annotated image came' if seen else 'no face was seen'
        print(f'{what}, so there is no picture of one', file=sys.stderr)
        return
    path = (arguments.output / PICTURE).resolve()
    write_picture(path, witness.picture)
    print(f'picture: {path}')


def _end_video(recording: Recording) -> None:
    recording.close()
    if recording.pictures:
        whole = ' of the run, as --record says' if recording.is_full else ''
        print(f'video: {recording.path.resolve()}, {recording.seconds:.1f} s{whole}')
