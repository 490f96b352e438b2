"""The processes of a soak, and what is sampled of the node meanwhile."""

from __future__ import annotations

import os
import time
from dataclasses import astuple
from pathlib import Path

import rclpy
from common.command import log
from common.machine import busy_s
from rclpy.signals import SignalHandlerOptions
from ros_graph.hosts import Host
from ros_graph.processes import Processes
from ros_graph.settings import isolate_dds, versions
from soak_measurements.client import Client
from soak_measurements.cycle import Cycle
from soak_measurements.node_process import NodeProcess
from soak_measurements.proc_samples import held_by
from soak_measurements.records import Records

__all__ = ['run_cycles', 'versions']
SAMPLE_S = 3.0
HERE = Path(__file__).resolve().parents[1]


def run_cycles(folder: Path, seconds: float, pace: float = 1.0) -> None:
    """Run whole cycles until the time has passed; records go to the folder as it runs.

    `pace` below 1 shortens the cycles.

    Raises:
        MeasurementError: If a process ends by itself, or the node does not do as it should.
    """
    isolate_dds('LOCALHOST')
    host = Host(frozenset(os.sched_getaffinity(0)), _variables())
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    try:
        with (
            Records(folder) as records,
            NodeProcess(folder, os.environ) as node,
            Processes() as processes,
        ):
            sampler = Sampler(node)
            client = Client(records, lambda: sampler.sample(client))
            cycle = Cycle(client, node, processes, host, pace)
            end_s = time.monotonic() + seconds
            while time.monotonic() < end_s:
                cycle.run()
                log(f'cycle {client.cycle}: {sampler.last}')
                client.cycle += 1
    finally:
        rclpy.try_shutdown()


class Sampler:
    """Samples what the node holds, every few seconds.

    Attributes:
        last: The last sample, for people.
    """

    def __init__(self, node: NodeProcess) -> None:
        self._node, self._due_s, self.last = node, time.monotonic(), ''
        self._before = time.monotonic(), busy_s()

    def sample(self, client: Client) -> None:
        """Record a sample if one is due; raises ProcessError if the node has ended by itself."""
        now_s = time.monotonic()
        if now_s < self._due_s:
            return
        self._due_s = now_s + SAMPLE_S
        self._node.check()
        held, (then_s, then_busy_s) = held_by(self._node.pid), self._before
        self._before = now_s, busy_s()
        cores = (self._before[1] - then_busy_s) / max(now_s - then_s, 1e-3)
        client.record('samples', *astuple(held), cores)
        self.last = (
            f'{held.private_mib:.0f} MiB private, {self._node.in_use()[0]:.1f} in use, '
            f'{held.threads} threads, {held.descriptors} descriptors'
        )


def _variables() -> dict[str, str]:
    """Return the environment of camera and viewers, which are modules of this folder."""
    paths = [str(HERE), *filter(None, [os.environ.get('PYTHONPATH')])]
    return {**os.environ, 'PYTHONPATH': os.pathsep.join(paths)}
