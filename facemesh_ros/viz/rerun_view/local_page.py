"""The viewer's page for a browser on this machine: one port, and nothing from anywhere else.

Rerun serves its page from one port and the data from another, and the page loads fonts and sends
statistics of its use to other machines. Here both come from one port, so that a single one has to
be forwarded by ssh, and the browser is told to ask nobody else.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from urllib.parse import quote, urlsplit

from facemesh_ros.viz.rerun_view.sdk import ViewerError
from facemesh_ros.viz.rerun_view.viewer_process import HOST

PORT = 9090
_CHUNK = 1 << 16
_MAX_REQUEST = 1 << 20
_OWN_NAMES = {'localhost', '127.0.0.1', '::1'}
# What the page may do: its own scripts, WebAssembly, and talk to where it comes from.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; worker-src 'self' blob:; "
    "connect-src 'self' data: blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


class LocalPage:
    """Serves the page and what it shows from one port of this machine.

    Attributes:
        url: Where a browser finds it.
    """

    def __init__(
        self, port: int, page_port: int, data_port: int, watch: Callable[[int], None]
    ) -> None:
        """Begin to serve.

        Args:
            port: Where; 0 for the usual one, or a free one if that is taken.
            page_port: Where Rerun serves the page.
            data_port: Where it serves the data.
            watch: Told how many browsers look on, whenever that changes, in any thread.

        Raises:
            ViewerError: If the port is taken.
        """
        self._server = _bound(port)
        self._server.ports = page_port, data_port
        self._server.watch = watch
        self.url = f'http://localhost:{self._server.server_port}'
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Serve no more; those who look on keep what they have."""
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    ports: tuple[int, int]
    watch: Callable[[int], None]

    def __init__(self, port: int) -> None:
        super().__init__((HOST, port), _Handler)
        self._lock, self._watching = threading.Lock(), 0

    def server_bind(self) -> None:
        """Bind without looking up the name of this machine, which nobody asks for."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]

    def count(self, more: int) -> None:
        with self._lock:
            self._watching += more
            self.watch(self._watching)


def _bound(port: int) -> _Server:
    try:
        return _Server(port or PORT)
    except OSError as error:
        if port:
            raise ViewerError(
                f'port {port} cannot be used ({error.strerror}): choose another by --port, or '
                'leave that out for a free one'
            ) from error
        return _Server(0)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = 'HTTP/1.1'

    def do_GET(self) -> None:
        """Give a part of the page."""
        if not self._is_for_us():
            return
        if self.path in ('/', ''):
            data = quote(f'rerun+http://{self.headers["Host"]}/proxy', safe='')
            self.send_response(302)
            self.send_header('Location', f'/?url={data}')
            self.send_header('Content-Length', '0')
            self.end_headers()
            return
        self._pass_on(self.server.ports[0], None)

    def do_POST(self) -> None:
        """Give the data, as long as they come (gRPC-web)."""
        if not self._is_for_us():
            return
        length = self.headers.get('Content-Length', '')
        if not length.isdecimal() or int(length) > _MAX_REQUEST:
            self.send_error(411)
            return
        self.server.count(+1)
        try:
            self._pass_on(self.server.ports[1], self.rfile.read(int(length)))
        finally:
            self.server.count(-1)

    def _is_for_us(self) -> bool:
        """Refuse pages of other sites, also those whose name leads to this machine."""
        host, origin = self.headers.get('Host', ''), self.headers.get('Origin')
        is_ours = urlsplit(f'//{host}').hostname in _OWN_NAMES
        if is_ours and (origin is None or urlsplit(origin).netloc == host):
            return True
        self.close_connection = True
        self.send_error(403)
        return False

    def _pass_on(self, port: int, body: bytes | None) -> None:
        kept = ('Accept', 'Accept-Encoding', 'Content-Type', 'X-Grpc-Web', 'Grpc-Timeout')
        headers = {name: self.headers[name] for name in kept if name in self.headers}
        connection = HTTPConnection(HOST, port)
        try:
            connection.request(self.command, self.path, body, headers)
            self._answer(connection.getresponse())
        except (OSError, HTTPException):  # the viewer has ended, or the browser has left
            self.close_connection = True
        finally:
            connection.close()

    def _answer(self, response: HTTPResponse) -> None:
        self.send_response(response.status)
        for name, value in response.getheaders():
            if name.lower() not in ('connection', 'transfer-encoding', 'date', 'server'):
                self.send_header(name, value)
        self.send_header('Content-Security-Policy', POLICY)
        self.send_header('Connection', 'close')
        self.end_headers()
        self.close_connection = True
        while chunk := response.read1(_CHUNK):
            self.wfile.write(chunk)

    def log_message(self, *_: object) -> None:
        """Say nothing of each request."""
