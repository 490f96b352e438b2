"""Downloads a pinned file by HTTPS; gives up within seconds without a network."""

from __future__ import annotations

import http.client
import queue
import ssl
import threading
import time
import urllib.error
import urllib.request

from facemesh_ros.catalog.model_entry import Archive
from facemesh_ros.errors import SourceError
from facemesh_ros.models.files import sha256_of
from facemesh_ros.models.progress import Advance, transfer

# Name lookup, connection to whichever address of the host, and the answer's first line.
_OPEN_TIMEOUT_S = 6.0
_CHUNK_BYTES = 64 * 1024
# A connection that brings less than this in such a time is as good as dead.
_STALL_S = 10.0
_STALL_BYTES = 32 * 1024


def download(url: str, archive: Archive) -> bytes:
    """Return the content of a pinned file.

    Raises:
        SourceError: If nothing answers, the transfer stalls, or the content is not the pinned one.
    """
    try:
        with _opened(url) as response, transfer(archive.title, archive.size) as advance:
            content = _received(response, archive, advance)
    except (OSError, http.client.HTTPException) as error:
        raise SourceError(f'{archive.title}: {_reason(error)}') from error
    if sha256_of(content) != archive.sha256:
        raise SourceError(
            f'{archive.title}: the server sent {len(content)} bytes that are not the pinned '
            f'{archive.size} bytes with SHA-256 {archive.sha256}'
        )
    return content


def _opened(url: str) -> http.client.HTTPResponse:
    """Open a URL in a thread: name lookup knows no timeout and can hang for a minute."""
    outcome: queue.Queue[http.client.HTTPResponse | Exception] = queue.Queue()

    def opening() -> None:
        try:
            # An opener of its own: urlopen's keeps the proxies of its first use.
            outcome.put(urllib.request.build_opener().open(url, timeout=_STALL_S))
        except Exception as error:  # handed to the caller
            outcome.put(error)

    threading.Thread(target=opening, daemon=True).start()
    try:
        opened = outcome.get(timeout=_OPEN_TIMEOUT_S)
    except queue.Empty:
        raise TimeoutError('no answer') from None
    if isinstance(opened, Exception):
        raise opened
    return opened


def _received(response: http.client.HTTPResponse, archive: Archive, advance: Advance) -> bytes:
    content = bytearray()
    checked_s, checked_bytes = time.monotonic(), 0
    while chunk := response.read1(_CHUNK_BYTES):
        content += chunk
        advance(len(chunk))
        if len(content) > archive.size:
            break
        now_s = time.monotonic()
        if now_s - checked_s > _STALL_S:
            if len(content) - checked_bytes < _STALL_BYTES:
                raise TimeoutError('the transfer stalled')
            checked_s, checked_bytes = now_s, len(content)
    return bytes(content)


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f'the server answered {error.code} {error.reason}'
    reason = getattr(error, 'reason', error)
    if isinstance(reason, ssl.SSLCertVerificationError):
        return (
            f'this machine does not trust the server ({reason.verify_message}); the known '
            'authorities come by `sudo apt-get install ca-certificates`, others by $SSL_CERT_FILE'
        )
    if isinstance(reason, TimeoutError):
        return f'cannot be reached ({reason or "no answer"})'
    return f'cannot be reached ({getattr(reason, "strerror", None) or reason})'
