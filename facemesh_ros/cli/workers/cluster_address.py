"""The connection to a Dask cluster."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from facemesh_ros.errors import FacemeshError, in_one_line

if TYPE_CHECKING:
    from distributed import Client

CONNECT_S = 5
_FILE_SUFFIX = '.json'


class ClusterError(FacemeshError):
    """A cluster that cannot be used."""


def connected_client(address: str) -> Client:
    """Connect to a scheduler.

    Args:
        address: tcp://HOST:PORT, tls://HOST:PORT, HOST:PORT, or the scheduler's file.

    Raises:
        ClusterError: If nobody answers there within `CONNECT_S`.
    """
    from distributed import Client

    # Its errors are told once, by us.
    for name in list(logging.root.manager.loggerDict):
        if name.split('.')[0] == 'distributed':
            logging.getLogger(name).setLevel(logging.CRITICAL)
    if address.endswith(_FILE_SUFFIX):
        address = _address_in(Path(address))
    try:
        # Answers come through the scheduler: this machine connects to nobody else.
        return Client(address, timeout=CONNECT_S, set_as_default=False, direct_to_workers=False)
    except ValueError as error:
        raise ClusterError(
            f'{address} is no address of a cluster ({in_one_line(error)}): it is tcp://HOST:PORT '
            'as `dask scheduler` prints it, or the file of `dask scheduler --scheduler-file`'
        ) from error
    except OSError as error:
        raise ClusterError(
            f'no Dask scheduler answers at {address} within {CONNECT_S} s: start one with '
            '`dask scheduler`, which prints its address; see docs/archives.md'
        ) from error


def _address_in(path: Path) -> str:
    try:
        return str(json.loads(path.read_text())['address'])
    except OSError as error:
        raise ClusterError(f'{path} cannot be read: {error.strerror}') from error
    except (ValueError, LookupError, TypeError) as error:
        raise ClusterError(
            f'{path} is no file of a scheduler, as `dask scheduler --scheduler-file` writes it'
        ) from error
