"""What has to be the same on all machines of a cluster."""

from __future__ import annotations

import hashlib
import platform
import socket
from pathlib import Path
from typing import NamedTuple

import numpy as np

import facemesh_ros
from facemesh_ros.version import version

# What the node needs and the wheel has not: its room, and generated messages.
_OF_ROS = ('ros', 'msg')


class Identity(NamedTuple):
    """What has to be the same everywhere for results to be, but the host.

    Attributes:
        version: Of this package.
        code: Hash of its code, which may be another one under the same version in checkouts.
        python, numpy: Versions between which what is sent can be read.
        host: Which machine it is.
    """

    version: str
    code: str
    python: str
    numpy: str
    host: str

    def difference_from(self, here: Identity) -> str:
        """Say what differs; empty if nothing does."""
        for what, theirs, ours in (
            ('facemesh', self.version, here.version),
            ('Python', self.python, here.python),
            ('numpy', self.numpy, here.numpy),
        ):
            if theirs != ours:
                return f'it has {what} {theirs}, and here is {ours}: install the same everywhere'
        if self.code != here.code:
            return (
                f'its facemesh {self.version} has other code than the one here: install the same '
                'everywhere'
            )
        return ''


def identity() -> Identity:
    """Return that of this process."""
    python = '.'.join(platform.python_version_tuple()[:2])
    numpy = np.__version__.partition('.')[0]
    return Identity(version(), _code_hash(), python, numpy, socket.gethostname())


def _code_hash() -> str:
    root, digest = Path(facemesh_ros.__file__).parent, hashlib.sha256()
    for path in sorted(root.rglob('*.py')):
        if path.relative_to(root).parts[0] not in _OF_ROS:
            digest.update(f'{path.relative_to(root)}\0'.encode() + path.read_bytes())
    return digest.hexdigest()
