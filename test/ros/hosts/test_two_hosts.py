"""A poor network between camera and node: results come back by themselves, and none is stale.

All that is sent stays in network namespaces made for it. `FACEMESH_HOSTS=1` adds what takes
longer: cuts beyond the lease of the middleware, and all others again and again.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from poor_wire import CUT, GOOD, Wire

from facemesh_ros.ros.process.dds_profile import large_image_profile, share_folder

from .conftest import OTHER_ROBOT, OTHER_SERVER, RATE_HZ, ROBOT, SERVER

IS_LONG = os.environ.get('FACEMESH_HOSTS') == '1'
ROUNDS = 5 if IS_LONG else 1
# For how long the node offers a result again.
LIFESPAN_NS = 2 * 10**9
# After so long without an image all faces are forgotten: four periods, a second at least.
PAUSE_S = 1.0
# After so long without one the node says so.
SILENCE_S = 5.0
LEASE_S = 20.0
CUTS_S = [SILENCE_S + 2] + [SILENCE_S + 2, LEASE_S + 10] * (ROUNDS - 1)
HOUR_S = 3600
FEW = 5
LOSSY_NETWORK = 'config/fastdds_lossy_network.xml'
MIB = 2**20


def balance(hosts: Any, since_ns: int) -> tuple[int, int]:
    """Check what became of all images between two answers; returns how many were sent and lost.

    The first answer is the last one of images taken before `since_ns`, the second the newest.
    """
    answers = hosts.answers(hosts.near)
    first = max(n for n, one in enumerate(answers) if one['stamp_ns'] < since_ns)
    before, *between = answers[first:]
    last = between[-1]
    sent = [ns for ns in hosts.camera.told if before['stamp_ns'] < ns <= last['stamp_ns']]
    lost, dropped = (last[name] - before[name] for name in ('lost', 'dropped'))
    assert last['failed'] == before['failed']
    assert len(sent) == len(between) + lost + dropped, (len(sent), len(between), lost, dropped)
    return len(sent), lost


def let_through(hosts: Any, wire: Wire, images: int) -> int:
    """Let so many images be sent over a wire, then over a good one; returns when that began."""
    hosts.wait_for_faces()
    since_ns, before = time.time_ns(), len(hosts.camera.told)
    hosts.wire.set(wire)
    hosts.wait_until(lambda: len(hosts.camera.told) >= before + images, 'the images')
    hosts.wire.set(GOOD)
    hosts.wait_for_faces()
    return since_ns


@pytest.mark.parametrize(
    'wire', [Wire(loss=0.01), Wire(loss=0.05), Wire(loss=0.2), Wire(loss=0.05, burst=12)]
)
def test_lost_packets_are_lost_images_and_are_counted(hosts, faces_folder, wire):
    images = 40 * ROUNDS
    since_ns = let_through(hosts, wire, images)
    sent, lost = balance(hosts, since_ns)
    # An image arrives if all of its packets do. Six standard deviations of that, both ways; a
    # burst may take two images.
    bytes_ = sum(file.stat().st_size for file in faces_folder.glob('*.jpg')) / 10
    packets = bytes_ // 1480 + 1
    arrives = (1 - wire.loss) * (1 - wire.loses_after(False)) ** (packets - 1)
    margin = 6 * (images * arrives * (1 - arrives) * (1 + wire.burst / packets)) ** 0.5 + 2
    assert abs(lost - images * (1 - arrives)) < margin, (sent, lost)


@contextmanager
def memory_for_pieces(hosts: Any, bytes_: int) -> Iterator[None]:
    """Give the server's kernel so much memory for pieces of packets."""
    low, high = (f'/proc/sys/net/ipv4/ipfrag_{name}_thresh' for name in ('low', 'high'))
    usual = hosts.server.run('cat', high).strip()
    hosts.server.run('sh', '-c', f'echo 1 > {low} && echo {bytes_} > {high}')
    try:
        yield
    finally:
        hosts.server.run('sh', '-c', f'echo {usual} > {high}')


def test_pieces_that_fill_the_memory_of_the_kernel_are_told_and_a_remedy_helps(hosts):
    """A lossy wire leaves pieces of packets, and half a minute long no image arrives any more."""
    since_ns = time.time_ns()
    # As large images, and more of them, would fill the usual 4 MB.
    with memory_for_pieces(hosts, 50000):
        hosts.wire.set(Wire(loss=0.2))
        told = 'sysctl -w net.ipv4.ipfrag_time=1 on this machine'
        hosts.wait_until(lambda: any(told in text for text in hosts.messages(since_ns)), told)
        hosts.wire.set(GOOD)
    hosts.wait_for_faces()
    balance(hosts, since_ns)


def test_delayed_packets_are_late_images_and_none_is_lost(hosts):
    since_ns = let_through(hosts, Wire(delay_s=0.1, jitter_s=0.03), 20)
    _, lost = balance(hosts, since_ns)
    assert lost == 0
    answers = hosts.answers(hosts.near, since_ns)
    assert len({name for one in answers for name in one['ids']}) == 1


def test_a_wire_that_is_too_slow_loses_images_and_no_result_waits_for_long(hosts, faces_folder):
    bytes_ = sum(file.stat().st_size for file in faces_folder.glob('*.jpg')) / 10
    # Half of what the camera sends.
    since_ns = let_through(hosts, Wire(bytes_per_s=0.5 * bytes_ * RATE_HZ), 30)
    sent, lost = balance(hosts, since_ns)
    assert 0 < lost < sent


def cut(hosts: Any, seconds: float) -> tuple[int, int]:
    """Cut the wire for a while, so that the last results do not arrive; returns both moments."""
    # Images still come, and what is found in them is confirmed by nobody.
    hosts.wire.set(GOOD, CUT)
    before = len(hosts.answers(hosts.near))
    hosts.wait_until(lambda: len(hosts.answers(hosts.near)) > before + 5, 'results for nobody')
    since_ns = time.time_ns()
    hosts.wire.set(CUT)
    time.sleep(seconds)
    returned_ns = time.time_ns()
    hosts.wire.set(GOOD)
    hosts.wait_for_faces()
    return since_ns, returned_ns


@pytest.mark.parametrize('seconds', CUTS_S)
def test_after_a_cut_all_results_are_of_new_images(hosts, seconds):
    since_ns, returned_ns = cut(hosts, seconds)
    assert_none_is_stale(hosts, returned_ns)
    _, lost = balance(hosts, since_ns)
    assert lost >= RATE_HZ
    said = 'no node publishes it now' if seconds > LEASE_S else 'the last image on'
    assert any(said in text for text in hosts.messages(since_ns))
    # All faces were forgotten, as after any pause of more than a second.
    answers = hosts.answers(hosts.near)
    ids_before = {name for one in answers if one['stamp_ns'] < since_ns for name in one['ids']}
    ids_after = {name for one in answers if one['stamp_ns'] > returned_ns for name in one['ids']}
    assert ids_before.isdisjoint(ids_after)


def assert_none_is_stale(hosts: Any, returned_ns: int) -> None:
    """All that has come since the wire is good again is of images taken since, or shortly before.

    How old a result may become on its way is what the node promises.
    """
    for consumer in (hosts.near, hosts.far):
        frames = partial(hosts.frames, consumer, returned_ns)
        hosts.wait_until(frames, 'frames')
        stamps_ns = [one['stamp_ns'] for one in hosts.answers(consumer, returned_ns)]
        frames_ns = [one['frame_ns'] for one in frames()]
        assert min(stamps_ns + frames_ns) > returned_ns - LIFESPAN_NS


@pytest.mark.parametrize('which', ['robot', 'server'])
@pytest.mark.parametrize('round_', range(ROUNDS))
def test_an_interface_that_goes_down_and_up_again(hosts, which, round_):
    host, since_ns = getattr(hosts, which), time.time_ns()
    host.turn_off()
    time.sleep(2 * PAUSE_S + LIFESPAN_NS / 1e9)
    returned_ns = time.time_ns()
    host.turn_on()
    hosts.wait_for_faces()
    _, lost = balance(hosts, since_ns)
    assert lost >= RATE_HZ
    assert_none_is_stale(hosts, returned_ns)


@pytest.mark.parametrize('round_', range(ROUNDS))
def test_a_camera_host_that_loses_power_and_starts_again(hosts, round_):
    """Without a word to anybody; then the same names come again."""
    since_ns = time.time_ns()
    hosts.camera.kill()
    hosts.start_camera()
    hosts.wait_for_faces()
    reported = len(hosts.messages(since_ns))
    hosts.wait_until(lambda: len(hosts.messages(since_ns)) > reported + 3, 'the diagnostics')
    assert not [text for text in hosts.messages(since_ns) if 'publishers on' in text]
    answers = hosts.answers(hosts.near, since_ns)
    assert answers[-1]['lost'] == answers[0]['lost']


def test_a_robot_that_gets_another_address(hosts):
    """Its images go on; who listens there starts again, as Fast DDS keeps the old address."""
    hosts.robot.set_address(OTHER_ROBOT)
    hosts.wait_for_faces(hosts.near)
    for address in (OTHER_ROBOT, ROBOT):
        hosts.far.kill()
        hosts.robot.set_address(address)
        hosts.far = hosts.start_consumer(hosts.robot)
        hosts.wait_for_faces()


def test_a_server_that_gets_another_address_says_so_and_returns_with_the_old_one(hosts):
    since_ns = time.time_ns()
    hosts.server.set_address(OTHER_SERVER)
    told = f'addresses of this machine have changed since the node started ({SERVER}; now'
    hosts.wait_until(lambda: any(told in text for text in hosts.messages(since_ns)), told)
    hosts.server.set_address(SERVER)
    hosts.wait_for_faces()
    told_ns = time.time_ns()
    hosts.wait_until(lambda: hosts.messages(told_ns), 'the diagnostics')
    assert told not in hosts.messages(told_ns)[-1]


def pieces(hosts: Any) -> int:
    """Pieces of packets that the server has received, by its kernel: `ReasmReqds`."""
    names, values = re.findall(r'^Ip: (.*)$', hosts.server.run('cat', '/proc/net/snmp'), re.M)
    of_name = dict(zip(names.split(), values.split(), strict=True))
    return int(of_name['ReasmReqds'])


def test_with_the_profile_for_lossy_networks_the_kernel_has_no_packets_to_put_together(
    hosts, other_camera
):
    before = pieces(hosts)
    hosts.wait_for_faces()
    assert pieces(hosts) > before  # as usual
    other_camera(**{large_image_profile()[0]: str(share_folder() / LOSSY_NETWORK)})
    hosts.wait_for_faces()
    before = pieces(hosts)
    with memory_for_pieces(hosts, 1):  # the kernel takes none
        hosts.wire.set(Wire(loss=0.05, burst=3))
        hosts.wait_for_faces(hosts.near)
        assert pieces(hosts) == before


@pytest.mark.parametrize('ahead_s', [HOUR_S, -HOUR_S])
def test_clocks_that_differ_make_latency_wrong_and_nothing_else(
    hosts, other_camera, preloaded, ahead_s
):
    """The robot's clock is an hour ahead, or behind: that of its camera and its consumer."""
    Path(preloaded['CLOCK_OFFSET']).write_text(f'{ahead_s}\n')
    other_camera(**preloaded)
    consumer = hosts.start_consumer(hosts.robot, **preloaded)
    for one in (hosts.near, consumer):
        hosts.wait_until(lambda one=one: len(shifted(hosts, one, ahead_s)) >= FEW, 'results')
    near = shifted(hosts, hosts.near, ahead_s)
    assert near[-1]['latency'] == pytest.approx(-ahead_s, abs=60)
    assert len({name for one in near[-FEW:] for name in one['ids']}) == 1
    consumer.kill()


def shifted(hosts: Any, consumer: Any, ahead_s: int) -> list[dict[str, Any]]:
    """The answers with a face whose image was stamped by a clock that is so far ahead."""
    now_s = time.time() + ahead_s
    return [
        one
        for one in hosts.answers(consumer)
        if one['ids'] and abs(one['stamp_ns'] / 1e9 - now_s) < HOUR_S / 2
    ]


def test_ids_are_never_given_again_and_counters_never_go_back(hosts):
    """Over all that was done before."""
    answers = hosts.answers(hosts.near)
    ids = [name for one in answers for name in one['ids']]
    assert ids == sorted(ids)
    for name in ('lost', 'dropped', 'failed'):
        values = [one[name] for one in answers]
        assert all(first <= later for first, later in pairwise(values))


def test_memory_does_not_grow(hosts):
    """With each cut: what a peer that is gone has held is given back."""

    def resident() -> int:
        pages = Path(f'/proc/{hosts.node.process.pid}/statm').read_text().split()[1]
        return int(pages) * os.sysconf('SC_PAGE_SIZE')

    before = resident()
    for _ in range(3 * ROUNDS):
        hosts.wire.set(CUT)
        time.sleep(1.5 * PAUSE_S)
        hosts.wire.set(GOOD)
        hosts.wait_for_faces()
    assert resident() - before < 4 * MIB
