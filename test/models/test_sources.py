"""Downloads over networks that answer, refuse, keep silent or send rubbish."""

from __future__ import annotations

import http.server
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from facemesh_ros.catalog.models import BUNDLE
from facemesh_ros.errors import SourceError
from facemesh_ros.models import download as downloading
from facemesh_ros.models import pip_wheel
from facemesh_ros.models.download import download
from facemesh_ros.models.files import sha256_of
from facemesh_ros.models.pip_wheel import download_wheel

CONTENT = bytes(range(256)) * 1000
PINNED = replace(BUNDLE, size=len(CONTENT), sha256=sha256_of(CONTENT))
# Far above the seconds that giving up takes, far below the minutes of a default timeout.
CEILING_S = 45


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == '/absent':
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header('Content-Length', str(len(CONTENT)))
        self.end_headers()
        sent = {'/good': CONTENT, '/short': CONTENT[:-1], '/other': CONTENT[::-1]}
        if self.path in sent:
            self.wfile.write(sent[self.path])
        elif self.path == '/endless':
            self._drip(bytes(2**16), pause_s=0)
        else:
            self._drip(b'x', pause_s=0.05)

    def _drip(self, chunk: bytes, pause_s: float) -> None:
        try:
            while not self.server.stopped:
                self.wfile.write(chunk)
                time.sleep(pause_s)
        except OSError:
            pass  # the client gave up

    def log_message(self, *_: object) -> None:
        pass


@dataclass
class Server:
    address: str

    def url(self, path: str) -> str:
        return f'http://{self.address}/{path}'


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv('no_proxy', '127.0.0.1')
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler) as running:
        running.stopped = False
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield Server(f'127.0.0.1:{running.server_port}')
        running.stopped = True
        running.shutdown()


@pytest.fixture(autouse=True)
def ceiling() -> Iterator[None]:
    start = time.monotonic()
    yield
    assert time.monotonic() - start < CEILING_S


def test_the_pinned_file_arrives_and_is_shown(server: Server, capsys) -> None:
    assert download(server.url('good'), PINNED) == CONTENT
    assert '0.3 of 0.3 MB' in capsys.readouterr().err


@pytest.mark.parametrize('path', ['short', 'other', 'endless'])
def test_another_content_is_refused(server: Server, path) -> None:
    with pytest.raises(SourceError, match=r'not the pinned|cannot be reached'):
        download(server.url(path), PINNED)


def test_a_missing_file_is_reported_as_the_server_says_it(server: Server) -> None:
    with pytest.raises(SourceError, match='answered 404'):
        download(server.url('absent'), PINNED)


def test_a_dripping_transfer_is_given_up(server: Server, monkeypatch) -> None:
    monkeypatch.setattr(downloading, '_STALL_S', 0.5)
    with pytest.raises(SourceError, match='stalled'):
        download(server.url('drip'), PINNED)


def test_a_silent_server_is_given_up(silent_port: int, monkeypatch) -> None:
    monkeypatch.setenv('no_proxy', '127.0.0.1')
    with pytest.raises(SourceError, match='cannot be reached'):
        download(f'http://127.0.0.1:{silent_port}/bundle', PINNED)


def test_a_refused_connection_is_reported(refused_port: int, monkeypatch) -> None:
    monkeypatch.setenv('no_proxy', '127.0.0.1')
    with pytest.raises(SourceError, match='Connection refused'):
        download(f'http://127.0.0.1:{refused_port}/bundle', PINNED)


def test_an_endless_name_lookup_is_given_up(monkeypatch) -> None:
    monkeypatch.setattr(downloading, '_OPEN_TIMEOUT_S', 0.2)
    monkeypatch.setattr('socket.getaddrinfo', lambda *_, **__: threading.Event().wait())
    monkeypatch.setenv('no_proxy', '*')
    with pytest.raises(SourceError, match='no answer'):
        download('http://nowhere.invalid/bundle', PINNED)


def test_pip_gives_up_on_a_refused_network(tmp_path, refused_port, network_at) -> None:
    network_at(refused_port)
    with pytest.raises(SourceError, match=r'mediapipe 0\.10\.21: .* cannot be reached'):
        download_wheel(tmp_path)


def test_pip_gives_up_on_a_silent_network(tmp_path, silent_port, network_at) -> None:
    network_at(silent_port)
    with pytest.raises(SourceError, match=r'mediapipe 0\.10\.21: .* cannot be reached'):
        download_wheel(tmp_path)


def test_a_python_without_pip_names_how_to_get_it(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(pip_wheel.importlib.util, 'find_spec', lambda _: None)
    monkeypatch.setenv('PATH', str(tmp_path))
    with pytest.raises(SourceError, match='apt install python3-pip'):
        download_wheel(tmp_path)
