"""What Linux tells of addresses and of packets in pieces, by files as it writes them."""

from __future__ import annotations

import pytest

from facemesh_ros.ros.process.local_addresses import local_addresses
from facemesh_ros.ros.process.packet_pieces import is_full

ROUTES = """\
Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 10.77.0.0/24 2 0 2
        |-- 10.77.0.0
           /24 link UNICAST
        |-- 10.77.0.2
           /32 host LOCAL
        |-- 10.77.0.255
           /32 link BROADCAST
     +-- 127.0.0.0/8 2 0 2
        |-- 127.0.0.1
           /32 host LOCAL
"""
SOCKETS = """\
sockets: used 41
UDP: inuse 12 mem 0
FRAG: inuse 63 memory 4195320
"""


def test_addresses_are_those_of_this_machine_but_loopback(tmp_path):
    routes = tmp_path / 'routes'
    routes.write_text(ROUTES)
    assert local_addresses(routes) == {'10.77.0.2'}
    assert local_addresses(tmp_path / 'none') == frozenset()


@pytest.mark.parametrize(('limit', 'full'), [('4194304', True), ('16777216', False)])
def test_the_memory_for_pieces_is_full_near_its_limit(tmp_path, limit, full):
    sockets, threshold = tmp_path / 'sockets', tmp_path / 'limit'
    sockets.write_text(SOCKETS)
    threshold.write_text(f'{limit}\n')
    assert is_full(sockets, threshold) is full
    assert not is_full(sockets, tmp_path / 'none')
    sockets.write_text('UDP: inuse 12 mem 0\n')
    assert not is_full(sockets, threshold)
