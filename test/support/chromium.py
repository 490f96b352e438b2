"""A headless Chromium: opens a page, says what it shows and what it complains of.

It is driven over a pipe by Chrome's DevTools protocol, so nothing but Chromium is needed:
Debian's package, or any that $FACEMESH_CHROMIUM names.

Source: https://chromedevtools.github.io/devtools-protocol/ (Page, Runtime, Log, Emulation).
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from facemesh_ros.types import UInt8

ENDED_S = 10.0
# Two cores that draw by software, and have other things to do.
PATIENCE_S = 90.0
_NAMES = ('chromium', 'chromium-browser', 'google-chrome')
# For WebGL and WebGPU without a GPU; in containers there is no sandbox, and /dev/shm is small.
_OPTIONS = (
    '--headless=new',
    '--no-sandbox',
    '--disable-dev-shm-usage',
    '--use-angle=swiftshader',
    '--enable-unsafe-swiftshader',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-extensions',
    '--remote-debugging-pipe',
)


def chromium() -> str | None:
    """Return the path of Chromium, None where there is none."""
    named = os.environ.get('FACEMESH_CHROMIUM')
    return named or next(filter(None, map(shutil.which, _NAMES)), None)


class Page:
    """The one page of a browser.

    Attributes:
        complaints: What it has logged as an error, and its uncaught exceptions.
    """

    def __init__(self, size_wh: tuple[int, int], write_fd: int, read_fd: int) -> None:
        self._write_fd, self._read_fd = write_fd, read_fd
        self._number, self._unread, self._has_loaded = 0, b'', False
        self._session: str | None = None
        self.complaints: list[str] = []
        target = self._ask('Target.createTarget', url='about:blank')['targetId']
        attached = self._ask('Target.attachToTarget', targetId=target, flatten=True)
        self._session = attached['sessionId']
        for domain in ('Page', 'Runtime', 'Log'):
            self._ask(f'{domain}.enable')
        width, height = size_wh
        shape = {'width': width, 'height': height, 'deviceScaleFactor': 1, 'mobile': False}
        self._ask('Emulation.setDeviceMetricsOverride', **shape)

    def open(self, url: str) -> None:
        """Go to an address and wait until it is loaded; what scripts show comes later."""
        self._has_loaded = False
        self._ask('Page.navigate', url=url)
        end_s = time.monotonic() + PATIENCE_S
        while not self._has_loaded:
            self._note(self._next(url, end_s))

    def value_of(self, expression: str) -> Any:
        """Return the value of a JavaScript expression, JSON's kinds only."""
        answer = self._ask('Runtime.evaluate', expression=expression, returnByValue=True)
        assert 'exceptionDetails' not in answer, answer
        return answer['result'].get('value')

    def screenshot(self) -> UInt8:
        """Return what is shown, (H, W, 3) BGR."""
        png = base64.b64decode(self._ask('Page.captureScreenshot', format='png')['data'])
        picture = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None
        return picture

    def screenshot_when(
        self, is_there: Callable[[UInt8], bool], what: str, kept: Path, period_s: float = 1.0
    ) -> UInt8:
        """Return the first screenshot that shows something; the last one is kept as a file."""
        end_s = time.monotonic() + PATIENCE_S
        while True:
            picture = self.screenshot()
            cv2.imwrite(str(kept), picture)
            if is_there(picture):
                return picture
            assert time.monotonic() < end_s, f'no {what} in {kept}; complaints: {self.complaints}'
            time.sleep(period_s)

    def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message = {'id': self._number, 'method': method, 'params': parameters}
        if self._session is not None:
            message['sessionId'] = self._session
        os.write(self._write_fd, json.dumps(message).encode() + b'\0')
        end_s = time.monotonic() + PATIENCE_S
        while (answer := self._next(method, end_s)).get('id') != self._number:
            self._note(answer)
        assert 'error' not in answer, f'{method}: {answer["error"]}'
        result: dict[str, Any] = answer['result']
        return result

    def _next(self, method: str, end_s: float) -> dict[str, Any]:
        while b'\0' not in self._unread:
            ready, _, _ = select.select([self._read_fd], [], [], max(0, end_s - time.monotonic()))
            assert ready, f'Chromium did not answer {method}'
            more = os.read(self._read_fd, 1 << 20)
            assert more, f'Chromium ended at {method}'
            self._unread += more
        line, _, self._unread = self._unread.partition(b'\0')
        message: dict[str, Any] = json.loads(line)
        return message

    def _note(self, event: dict[str, Any]) -> None:
        parameters = event.get('params', {})
        self._has_loaded |= event.get('method') == 'Page.loadEventFired'
        if event.get('method') == 'Runtime.exceptionThrown':
            self.complaints.append(str(parameters['exceptionDetails']))
        elif event.get('method') == 'Log.entryAdded' and parameters['entry']['level'] == 'error':
            self.complaints.append(parameters['entry']['text'])


@contextlib.contextmanager
def opened_page(program: str, profile: Path, size_wh: tuple[int, int]) -> Iterator[Page]:
    """Start Chromium with a profile of its own, and end it.

    Args:
        program: Its path.
        profile: Folder for what it keeps.
        size_wh: Of the page, px.
    """
    to_browser, write_fd = os.pipe()
    read_fd, from_browser = os.pipe()
    options = [*_OPTIONS, f'--user-data-dir={profile}']
    # It reads from 3 and writes to 4.
    redirected = f'exec "$@" 3<&{to_browser} 4>&{from_browser}'
    with (profile.with_suffix('.log')).open('wb') as log:
        process = subprocess.Popen(
            ['/bin/bash', '-c', redirected, 'bash', program, *options],
            pass_fds=(to_browser, from_browser),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, 'HOME': str(profile)},
            start_new_session=True,
        )
    os.close(to_browser)
    os.close(from_browser)
    try:
        yield Page(size_wh, write_fd, read_fd)
    finally:
        os.close(write_fd)
        os.close(read_fd)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(ENDED_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
