"""A camera, the real node and a view of it, in processes of their own over DDS."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rich.console import Console
from rich.live import Live

from facemesh_ros.errors import FacemeshError
from facemesh_ros.ros.demo.arguments import (
    VIDEO,
    DemoError,
    demo_parser,
    prepare_output,
)
from facemesh_ros.ros.demo.camera_node import open_source, source_arguments
from facemesh_ros.ros.demo.monitor import Monitor
from facemesh_ros.ros.demo.processes import Processes
from facemesh_ros.ros.demo.recording import Recording
from facemesh_ros.ros.demo.report import report
from facemesh_ros.ros.demo.view import line, stage_times, view
from facemesh_ros.ros.demo.viewers import chosen_viewer, start_viewer
from facemesh_ros.ros.process.dds_profile import use_large_image_profile, use_localhost_discovery
from facemesh_ros.ros.process.signals import TerminationSignals
from facemesh_ros.ros.process.spin import start_rclpy

NODE, CAMERA = 'facemesh_ros.ros.node', 'facemesh_ros.ros.demo.camera_node'
START_TIMEOUT_S = 60.0
LINE_PERIOD_S = 1.0


class SignalError(Exception):
    """A signal has arrived."""


def main(args: list[str] | None = None) -> int:
    """Run the demo.

    Returns:
        0; 1 if it could not run, or the bundled face was not seen often enough; 130 if it was
        ended before the first image.
    """
    sys.stdout.reconfigure(errors='backslashreplace')  # type: ignore[union-attr]
    arguments = demo_parser().parse_args(args)
    use_large_image_profile()
    use_localhost_discovery()
    try:
        return _run(arguments)
    except FacemeshError as error:
        print(f'demo: {error}', file=sys.stderr)
        return 1
    except BrokenPipeError:  # as in `./run demo | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _run(arguments: argparse.Namespace) -> int:
    # Errors are reported now, not by a process that ends later.
    _, rate_hz = open_source(arguments)
    # A namespace of its own keeps cameras and other demos out. It is not the process id, which two
    # containers on one network may share.
    namespace = f'/demo_{secrets.token_hex(2)}'
    viewer = chosen_viewer(arguments.view)
    prepare_output(arguments.output)
    signals = start_rclpy()
    try:
        with Recording(arguments.output / VIDEO, rate_hz, arguments.record) as recording:
            monitor = Monitor(namespace, recording)
            with (
                suppress(SignalError),  # the usual end
                Processes() as nodes,
                closing(_Spinner(monitor, nodes, signals)) as spinner,
            ):
                _show(arguments, spinner, viewer)
            return report(arguments, monitor, recording)
    finally:
        rclpy.try_shutdown()
        signals.ignore()


class _Spinner:
    """Spins the monitor while the other processes run and no signal arrives."""

    def __init__(self, monitor: Monitor, nodes: Processes, signals: TerminationSignals) -> None:
        self.monitor, self.nodes, self._signals = monitor, nodes, signals
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(monitor)

    def close(self) -> None:
        """End the executor."""
        self._executor.shutdown()

    def spin_until(self, reached: Callable[[], bool], what: str) -> None:
        """Spin until a condition holds; raises DemoError if it does not in time."""
        end_s = time.monotonic() + START_TIMEOUT_S
        while not reached():
            self._spin_once()
            if time.monotonic() > end_s:
                raise DemoError(
                    f'waited {START_TIMEOUT_S:.0f} s for {what}; the log above may say why'
                )

    def spin_for(self, seconds: float) -> None:
        """Spin for a while."""
        end_s = time.monotonic() + seconds
        while (left_s := end_s - time.monotonic()) > 0:
            self._spin_once(min(left_s, 0.1))

    def _spin_once(self, timeout_s: float = 0.1) -> None:
        self._executor.spin_once(timeout_sec=timeout_s)
        if self._signals.received:
            raise SignalError
        if ended := self.nodes.ended():
            raise DemoError(f'{" and ".join(ended)} ended by itself; the log above says why')


def _show(arguments: argparse.Namespace, spinner: _Spinner, viewer: str) -> None:
    """Start all processes and show what the monitor sees until the time is over."""
    monitor, nodes = spinner.monitor, spinner.nodes
    namespace = monitor.get_namespace()
    # Its diagnostics and frames too, so that a robot on this machine is not told of faces.
    own = [part for topic in ('diagnostics', 'tf') for part in ('-r', f'/{topic}:={topic}')]
    remaps = ['--ros-args', '-r', f'__ns:={namespace}', *own]
    # The camera first: a node that finds none for five seconds warns.
    _print_progress(f'a camera and the node start in the namespace {namespace}')
    nodes.start_module(CAMERA, *source_arguments(arguments), *remaps)
    nodes.start_module(NODE, *remaps)
    spinner.spin_until(lambda: monitor.info is not None, 'the node to be ready')
    start_viewer(viewer, nodes, namespace)
    _print_progress('the node is ready; waiting for the first image')
    spinner.spin_until(lambda: monitor.images.answered > 0, 'the first landmarks')
    names = 'ROS_DOMAIN_ID', 'ROS_LOCALHOST_ONLY', 'ROS_AUTOMATIC_DISCOVERY_RANGE'
    variables = ' '.join(f'{name}={os.environ[name]}' for name in names if name in os.environ)
    footer = f'To listen: {variables} and the topics below {namespace}/facemesh'
    seconds = arguments.seconds or float('inf')
    console = Console()
    if sys.stdout.isatty() and not console.is_dumb_terminal:
        footer_live = f'{footer}\nCtrl-C ends it'
        with Live(
            get_renderable=lambda: view(monitor, footer_live, console),
            console=console,
            refresh_per_second=10,
        ):
            spinner.spin_for(seconds)
    else:
        print(footer, flush=True)
        _show_lines(spinner, seconds)


def _print_progress(text: str) -> None:
    print(f'demo: {text} …', file=sys.stderr, flush=True)


def _show_lines(spinner: _Spinner, seconds: float) -> None:
    end_s = time.monotonic() + seconds
    try:
        while (left_s := end_s - time.monotonic()) > 0:
            spinner.spin_for(min(LINE_PERIOD_S, left_s))
            print(line(spinner.monitor), flush=True)
    finally:
        print(stage_times(spinner.monitor), flush=True)
