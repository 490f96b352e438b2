"""A camera, the real node and a view of it, in processes of their own over DDS."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import cv2
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions
from rich.live import Live

from facemesh_ros.errors import FacemeshError
from facemesh_ros.media import VideoFile
from facemesh_ros.ros.demo.camera import add_source_arguments, open_source, source_arguments
from facemesh_ros.ros.demo.processes import Processes
from facemesh_ros.ros.demo.view import line, view
from facemesh_ros.ros.demo.witness import Witness
from facemesh_ros.ros.transport import make_room_for_images, share_folder

NODE, CAMERA = 'facemesh_ros.ros.node', 'facemesh_ros.ros.demo.camera'
START_S = 60.0
LINE_PERIOD_S = 1.0
# Of the images with the bundled face; with fewer, this machine or this software is at fault.
WANTED_SHARE = 0.95


class DemoError(FacemeshError):
    """The demo cannot go on; the text says why."""


def main(args: list[str] | None = None) -> int:
    """Run the demo; 1 if it could not, or if the bundled face was not seen often enough."""
    arguments = _parser().parse_args(args)
    make_room_for_images()
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.default_int_handler)
    try:
        return _demonstrate(arguments)
    except FacemeshError as error:
        print(f'demo: {error}', file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog='demo', description=__doc__)
    add_source_arguments(parser)
    parser.add_argument('--seconds', type=float, help='how long; default: until Ctrl-C')
    parser.add_argument(
        '--output', type=Path, default=Path('demo_output'), help='folder for picture and video'
    )
    parser.add_argument(
        '--view',
        action=argparse.BooleanOptionalAction,
        help='open rviz2; default: if it is installed and there is a display',
    )
    return parser


def _demonstrate(arguments: argparse.Namespace) -> int:
    # A wrong file is told now, not by a process that dies later.
    _, rate_hz = open_source(arguments)
    rviz = _rviz_command(arguments.view)
    arguments.output.mkdir(parents=True, exist_ok=True)
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    with VideoFile(arguments.output / 'faces.mp4', rate_hz) as video, Processes() as nodes:
        witness = Witness(video, rate_hz)
        with suppress(KeyboardInterrupt):  # the usual end
            _watch(arguments, witness, nodes, rviz)
    rclpy.try_shutdown()
    return _report(arguments, witness)


def _rviz_command(wanted: bool | None) -> list[str] | None:
    """Return what shows the faces in 3-D, None for nothing; raises if it is wanted in vain."""
    program = shutil.which('rviz2')
    display = os.environ.get('DISPLAY') or os.environ.get('WAYLAND_DISPLAY')
    if wanted and not program:
        raise DemoError('--view needs rviz2 on the PATH; it comes with a ROS install')
    if wanted and not display:
        raise DemoError('--view needs a display, and neither DISPLAY nor WAYLAND_DISPLAY is set')
    if wanted is False or not program or not display:
        return None
    return [program, '-d', str(share_folder() / 'config' / 'facemesh.rviz')]


def _watch(
    arguments: argparse.Namespace, witness: Witness, nodes: Processes, rviz: list[str] | None
) -> None:
    """Start everything and show it until the time is over."""
    spin = _Spin(witness, nodes)
    nodes.start_module(NODE)
    spin.until(lambda: witness.info is not None, 'the node to be ready')
    if rviz:
        nodes.start(rviz)
    nodes.start_module(CAMERA, *source_arguments(arguments))
    spin.until(lambda: witness.answered > 0, 'the first landmarks')
    show = _show_live if sys.stdout.isatty() else _show_lines
    show(witness, spin, arguments.seconds)


class _Spin:
    """Lets the witness listen while the other processes live."""

    def __init__(self, witness: Witness, nodes: Processes) -> None:
        self._nodes = nodes
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(witness)

    def until(self, reached: Callable[[], bool], what: str) -> None:
        """Listen until something is reached; raises DemoError if it never is."""
        end_s = time.monotonic() + START_S
        while not reached():
            self._once()
            if time.monotonic() > end_s:
                raise DemoError(f'waited {START_S:.0f} s for {what}; the log above may say why')

    def during(self, seconds: float) -> None:
        """Listen for a while."""
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            self._once()

    def _once(self) -> None:
        self._executor.spin_once(timeout_sec=0.1)
        if ended := self._nodes.ended():
            raise DemoError(f'{" and ".join(ended)} ended by itself; the log above says why')


def _show_live(witness: Witness, spin: _Spin, seconds: float | None) -> None:
    with Live(get_renderable=lambda: view(witness), refresh_per_second=4):
        spin.during(seconds or float('inf'))


def _show_lines(witness: Witness, spin: _Spin, seconds: float | None) -> None:
    end_s = time.monotonic() + (seconds or float('inf'))
    while (left_s := end_s - time.monotonic()) > 0:
        spin.during(min(LINE_PERIOD_S, left_s))
        print(line(witness), flush=True)


def _report(arguments: argparse.Namespace, witness: Witness) -> int:
    """Say what was seen and where the pictures lie; 1 if the bundled face was missed."""
    sent = max(witness.sent, 1)
    counted = [
        f'{images} with {faces} face{"s" * (faces != 1)} ({images / sent:.1%})'
        for faces, images in sorted(witness.answers.items())
    ]
    print(f'{witness.sent} images sent, {witness.answered} answered: {", ".join(counted)}')
    _write_picture(arguments.output, witness)
    bundled = not source_arguments(arguments)
    if bundled and witness.answers[1] < WANTED_SHARE * sent:
        print(f'demo: fewer than {WANTED_SHARE:.0%} carried the face', file=sys.stderr)
        return 1
    return 0


def _write_picture(folder: Path, witness: Witness) -> None:
    if witness.picture is None:
        print('no face was seen, so there is no picture of one', file=sys.stderr)
        return
    cv2.imwrite(str(folder / 'face.png'), witness.picture)
    print(f'picture and video: {folder.resolve()} (face.png, faces.mp4)')
