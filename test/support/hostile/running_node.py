"""A real node process, hostile messages sent to it over DDS, and what it makes of them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import rclpy
from builtin_interfaces.msg import Time
from hypothesis import HealthCheck, Phase, given, settings
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from facemesh_ros.msg import FaceMeshArray
from facemesh_ros.ros.input.image_conversion import msg_from_bgr
from hostile import messages, rules
from hostile.sane_faces import insane_numbers

PERIOD_S = 1 / 30
PATIENCE_S = 30.0
# Of the node's memory, bytes a case: 10 MB in 10,000, and an image is larger than that.
MAX_GROWTH_BYTES = 1000.0
# Between samples of the node's memory, in cases.
SAMPLED = 50
# Samples of the second half; of fewer the allocator's first images are most.
TOLD_FROM = 10
LOG_LINE = re.compile(r'\[(DEBUG|INFO|WARN|ERROR|FATAL)\] \[\d+\.\d+\]')
INPUTS = {
    'image': (Image, 'image_raw', messages.images),
    'camera_info': (CameraInfo, 'camera_info', messages.camera_infos),
    'depth': (Image, 'depth/image_raw', messages.depths),
    'compressed': (CompressedImage, 'image_raw/compressed', messages.compressed_images),
}


@dataclass
class Findings:
    """What a campaign against a node saw.

    Attributes:
        sent: Hostile messages, by input.
        outcomes: Of the hostile images: refused, answered, or replaced by the next image.
        waits_s: From each good image, behind a hostile message, to its answer.
        usual_waits_s: The same of good images behind good ones.
        memory_mb: Resident memory of the node, after every SAMPLED cases.
        insane: What was wrong with the numbers of answers.
        failed: The node's own count of failed images.
        unanswered: Of each good image that had no answer in PATIENCE_S, what the node did.
    """

    sent: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    waits_s: list[float] = field(default_factory=list)
    usual_waits_s: list[float] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)
    insane: list[str] = field(default_factory=list)
    failed: int = 0
    unanswered: list[str] = field(default_factory=list)

    @property
    def growth_bytes(self) -> float:
        """Slope of the node's memory over the second half, bytes a case; NaN if too short."""
        later = self.memory_mb[len(self.memory_mb) // 2 :]
        if len(later) < TOLD_FROM:
            return float('nan')
        slope, _ = np.polyfit(np.arange(len(later)), later, 1)
        return float(slope * 1e6 / SAMPLED)

    def problems(self) -> list[str]:
        """Return which promises were not kept."""
        found = [f'an answer with {what}' for what in self.insane[:5]]
        found += [f'a good image was not answered: {what}' for what in self.unanswered[:5]]
        if self.outcomes['vanished']:
            found.append(f'{self.outcomes["vanished"]} images are in no counter')
        if self.outcomes['refused, though sound']:
            found.append(f'{self.outcomes["refused, though sound"]} sound images were refused')
        if self.failed != sum(self.outcomes[name] for name in self.outcomes if 'refused' in name):
            found.append(f'failed_images is {self.failed}')
        if self.growth_bytes > MAX_GROWTH_BYTES:
            found.append(f'memory grows by {self.growth_bytes:.0f} bytes a case')
        return found

    def waits_ms(self) -> str:
        """Return median and p99 of the waits, behind hostile messages and usually, ms."""
        found = (np.array(of or [np.nan]) for of in (self.waits_s, self.usual_waits_s))
        both = [np.percentile(of, (50, 99)) for of in found]
        return ' against '.join(
            f'{1e3 * half:.1f} (p99 {1e3 * most:.1f}, {most / PERIOD_S:.1f} periods)'
            for half, most in both
        )


class NodeUnderFire:
    """The process of a node; what it logs goes to a file."""

    def __init__(self, log: Path, transport: str) -> None:
        self._log = log
        with log.open('wb') as file:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, '-m', 'facemesh_ros.ros.node', '--ros-args'),
                    *('-p', f'image_transport:={transport}', '-p', 'execution_provider:=cpu'),
                ],
                stdout=file,
                stderr=file,
            )

    def lines(self) -> list[str]:
        """Return the lines of its log."""
        return self._log.read_text(errors='replace').splitlines()

    def strange_lines(self) -> list[str]:
        """Return what was not logged by it: tracebacks, and words of libraries."""
        return [line for line in self.lines() if line.strip() and not LOG_LINE.search(line)]

    def problems(self) -> list[str]:
        """Return which promises of its log were not kept."""
        found = [f'in the log: {line}' for line in self.strange_lines()[:5]]
        if self.process.poll() is not None:
            found.append(f'the node has ended with {self.process.poll()}')
        return found

    def refusals(self) -> Counter[str]:
        """Return how often each refusal was logged, numbers and quotations left out."""
        texts = (line.partition(': ')[2] for line in self.lines() if '[ERROR]' in line)
        return Counter(re.sub(r"\d+|'.*?'", '#', text) for text in texts)

    def core_s(self) -> np.ndarray:
        """Return how long its threads ran so far, and how long they waited for a core, s."""
        threads = Path(f'/proc/{self.process.pid}/task').glob('*/schedstat')
        return np.sum([list(map(int, each.read_text().split()[:2])) for each in threads], 0) / 1e9

    def memory_mb(self) -> float:
        """Return its resident memory."""
        pages = int(Path(f'/proc/{self.process.pid}/statm').read_text().split()[1])
        return pages * os.sysconf('SC_PAGE_SIZE') / 1e6


@contextmanager
def running_node(log: Path, transport: str) -> Iterator[NodeUnderFire]:
    """Start a node, and end it."""
    node = NodeUnderFire(log, transport)
    try:
        yield node
    finally:
        node.process.terminate()
        try:
            node.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            node.process.kill()


class Campaign:
    """Sends hostile messages, each followed by a good image, which must be answered."""

    def __init__(self, node: NodeUnderFire, transport: str, picture: np.ndarray) -> None:
        """Take a running node and a BGR picture for the good images."""
        self.found = Findings()
        self._node, self._picture = node, picture
        self._ros = rclpy.create_node('hostile')
        self._inputs = ('compressed',) if transport == 'compressed' else tuple(INPUTS)[:3]
        self._image = self._inputs[0]
        self._publishers = {
            name: self._ros.create_publisher(kind, topic, 1)
            for name, (kind, topic, _) in INPUTS.items()
            if name in self._inputs
        }
        self._answers: list[FaceMeshArray] = []
        self._ros.create_subscription(
            FaceMeshArray, 'facemesh/landmarks', self._answers.append, 100
        )
        self._stamp_s, self._before = int(time.time()), FaceMeshArray()

    def close(self) -> None:
        """End the client."""
        self._ros.destroy_node()

    def run(self, cases: int) -> Findings:
        """Send so many hostile messages, and return what was seen."""
        self._before = self._answer_to_good([], again_s=0.5) or self._before
        for name in self._inputs:
            self._run_input(name, cases // len(self._inputs))
        return self.found

    def _run_input(self, name: str, cases: int) -> None:
        @settings(
            max_examples=cases,
            phases=[Phase.generate],
            database=None,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        @given(INPUTS[name][2])
        def send(cdr: bytes) -> None:
            self._send(name, cdr)

        send()

    def _send(self, name: str, cdr: bytes) -> None:
        self._answers.clear()
        self._publishers[name].publish(cdr)
        self.found.sent[name] += 1
        # Time to be taken: else the good image replaces it.
        self._spin_for(PERIOD_S)
        answer = self._answer_to_good(self.found.waits_s)
        if answer is not None and name == self._image:
            self._count_outcome(cdr, answer)
        self._before = answer or self._before
        self.found.failed = self._before.failed_images
        if sum(self.found.sent.values()) % SAMPLED == 0:
            self.found.memory_mb.append(self._node.memory_mb())
            self._spin_for(PERIOD_S)
            self._before = self._answer_to_good(self.found.usual_waits_s) or self._before

    def _spin_for(self, seconds: float) -> None:
        end_s = time.monotonic() + seconds
        while (left_s := end_s - time.monotonic()) > 0:
            rclpy.spin_once(self._ros, timeout_sec=left_s)

    def _count_outcome(self, cdr: bytes, answer: FaceMeshArray) -> None:
        before, is_compressed = self._before, self._image == 'compressed'
        if answer.failed_images > before.failed_images:
            outcome = 'refused'
        elif answer.dropped_images + answer.lost_images > (
            before.dropped_images + before.lost_images
        ):
            outcome = 'replaced'
        else:
            outcome = 'answered' if len(self._answers) > 1 else 'vanished'
        expected = rules.check_image(cdr, is_compressed=is_compressed)
        if outcome == 'refused' and expected != 'refused':
            outcome = 'refused, though sound'
        self.found.outcomes[outcome] += 1

    def _answer_to_good(self, waits_s: list[float], again_s: float = 5.0) -> FaceMeshArray | None:
        """Send a good image and return its answer; sent again where best effort lost it."""
        msg, core_s = self._good_image(), self._node.core_s()
        began_s = sent_s = time.monotonic()
        self._publishers[self._image].publish(msg)
        while time.monotonic() < began_s + PATIENCE_S:
            rclpy.spin_once(self._ros, timeout_sec=0.05)
            for answer in self._answers:
                if answer.header == msg.header:
                    waits_s.append(time.monotonic() - began_s)
                    self.found.insane.extend(insane_numbers(answer))
                    return answer
            if self._node.process.poll() is not None:
                raise AssertionError(f'the node has ended: {self._node.lines()[-20:]}')
            if time.monotonic() > sent_s + again_s:
                sent_s = time.monotonic()
                self._publishers[self._image].publish(msg)
        ran_s, waited_s = self._node.core_s() - core_s
        self.found.unanswered.append(
            f'in {PATIENCE_S:.0f} s its threads ran for {ran_s:.1f} s and waited {waited_s:.1f} s '
            f'for a core, of which the machine has {os.cpu_count()} at a load of '
            f'{os.getloadavg()[0]:.0f}; {self._node.lines()[-1:]}'
        )
        return None

    def _good_image(self) -> Image | CompressedImage:
        self._stamp_s += 1
        header = Header(stamp=Time(sec=self._stamp_s), frame_id='camera_optical_frame')
        msg = msg_from_bgr(self._picture, header)
        if self._image != 'compressed':
            return msg
        done, content = cv2.imencode('.jpg', self._picture)
        assert done
        return CompressedImage(header=msg.header, format='jpeg', data=content.tobytes())
