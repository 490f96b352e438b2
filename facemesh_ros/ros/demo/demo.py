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
    rviz_command,
)
from facemesh_ros.ros.demo.camera_node import open_source, source_arguments
from facemesh_ros.ros.demo.monitor import Monitor
from facemesh_ros.ros.demo.processes import Processes
from facemesh_ros.ros.demo.recording import Recording
from facemesh_ros.ros.demo.report import report
from facemesh_ros.ros.demo.view import line, stages, view
from facemesh_ros.ros.process.dds_profile import use_large_image_profile, use_localhost_discovery
from facemesh_ros.ros.process.signals import TerminationSignals
from facemesh_ros.ros.process.spin import start_rclpy

NODE, CAMERA = 'facemesh_ros.ros.node', 'facemesh_ros.ros.demo.camera_node'
START_S = 60.0
LINE_PERIOD_S = 1.0


class SignalError(Exception):
    """A signal has come."""


def main(args: list[str] | None = None) -> int:
    """Run the demo.

    Returns:
        0; 1 if it could not run, or the bundled face was not seen often enough; 130 if it was
        ended before there was anything to see.
    """
    sys.stdout.reconfigure(errors='backslashreplace')  # type: ignore[union-attr]
    arguments = demo_parser().parse_args(args)
    use_large_image_profile()
    use_localhost_discovery()
    try:
        return _demonstrate(arguments)
    except FacemeshError as error:
        print(f'demo: {error}', file=sys.stderr)
        return 1
    except BrokenPipeError:  # as in `./run demo | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _demonstrate(arguments: argparse.Namespace) -> int:
    # What is wrong is told now, not by a process that dies later.
    _, rate_hz = open_source(arguments)
    # A namespace of its own keeps cameras and other demos out. Not by the process' number, which
    # two containers on one network may share.
    namespace = f'/demo_{secrets.token_hex(2)}'
    rviz = rviz_command(arguments.view, namespace)
    prepare_output(arguments.output)
    signals = start_rclpy()
    try:
        with Recording(arguments.output / VIDEO, rate_hz, arguments.record) as recording:
            witness = Monitor(namespace, recording)
            with (
                suppress(SignalError),  # the usual end
                Processes() as nodes,
                closing(_Spin(witness, nodes, signals)) as spin,
            ):
                _watch(arguments, spin, rviz)
            return report(arguments, witness, recording)
    finally:
        rclpy.try_shutdown()
        signals.ignore()


class _Spin:
    """Lets the witness listen while the other processes live and no signal comes."""

    def __init__(self, witness: Monitor, nodes: Processes, signals: TerminationSignals) -> None:
        self.witness, self.nodes, self._signals = witness, nodes, signals
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(witness)

    def close(self) -> None:
        """Listen no more."""
        self._executor.shutdown()

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
        while (left_s := end_s - time.monotonic()) > 0:
            self._once(min(left_s, 0.1))

    def _once(self, timeout_s: float = 0.1) -> None:
        self._executor.spin_once(timeout_sec=timeout_s)
        if self._signals.have_come:
            raise SignalError
        if ended := self.nodes.ended():
            raise DemoError(f'{" and ".join(ended)} ended by itself; the log above says why')


def _watch(arguments: argparse.Namespace, spin: _Spin, rviz: list[str] | None) -> None:
    """Start everything and show it until the time is over."""
    witness, nodes = spin.witness, spin.nodes
    namespace = witness.get_namespace()
    alone = ['--ros-args', '-r', f'__ns:={namespace}', '-r', '/diagnostics:=diagnostics']
    # The camera first: a node that finds none for five seconds warns.
    _say(f'a camera and the node start in the namespace {namespace}')
    nodes.start_module(CAMERA, *source_arguments(arguments), *alone)
    nodes.start_module(NODE, *alone)
    spin.until(lambda: witness.info is not None, 'the node to be ready')
    if rviz:
        nodes.start(rviz)
    _say('the node is ready; the first image is on its way')
    spin.until(lambda: witness.answered > 0, 'the first landmarks')
    hint = f'To listen: {_environment_to_listen()} and the topics below {namespace}/facemesh'
    console = Console()
    if sys.stdout.isatty() and not console.is_dumb_terminal:
        _show_live(console, spin, arguments.seconds, hint)
    else:
        print(hint, flush=True)
        _show_lines(spin, arguments.seconds)


def _say(what: str) -> None:
    print(f'demo: {what} …', file=sys.stderr, flush=True)


def _environment_to_listen() -> str:
    """Return the variables that another terminal needs to find the demo."""
    names = 'ROS_DOMAIN_ID', 'ROS_LOCALHOST_ONLY', 'ROS_AUTOMATIC_DISCOVERY_RANGE'
    return ' '.join(f'{name}={os.environ[name]}' for name in names if name in os.environ)


def _show_live(console: Console, spin: _Spin, seconds: float | None, hint: str) -> None:
    footer = f'{hint}\nCtrl-C ends it'
    with Live(
        get_renderable=lambda: view(spin.witness, footer), console=console, refresh_per_second=4
    ):
        spin.during(seconds or float('inf'))


def _show_lines(spin: _Spin, seconds: float | None) -> None:
    end_s = time.monotonic() + (seconds or float('inf'))
    try:
        while (left_s := end_s - time.monotonic()) > 0:
            spin.during(min(LINE_PERIOD_S, left_s))
            print(line(spin.witness), flush=True)
    finally:
        print(stages(spin.witness), flush=True)
