"""`./run demo …` of the documents: its options exist, and a demo is run as it is written."""

from __future__ import annotations

import os
import pty
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from document_files import DocumentFiles
from document_rules import reason_not_to_run
from documents import HELP, ROOT, commands
from shown_output import missing_line

from facemesh_ros.io import DEFAULT_RATE_HZ
from facemesh_ros.io.moving_face import moving_astronaut
from facemesh_ros.ros.demo.arguments import demo_parser

PATIENCE_S = 120.0
PARTS = [
    (part, command)
    for command in commands()
    for part in command.parts
    if part.words[:2] == ('./run', 'demo')
]
CASES = {part.words[2:]: command for part, command in reversed(PARTS)}
TO_RUN = {
    part.words[2:]: command
    for part, command in reversed(PARTS)
    if not reason_not_to_run(part) and not (command.is_mention and not part.words[2:])
}
SHOWN = [
    command
    for command in commands()
    if command.output and command.parts[0].words[:2] == ('./run', 'demo')
]
# A line of the table of faces.
WITH_A_FACE = re.compile(r'f00001 +\d+ .*\d+x\d+ at')
DEMO_PICTURE = ROOT / 'docs' / 'demo.png'
# Hue, saturation and value of the mesh as the demo draws it.
GREEN = (60, 60, 60), (100, 255, 255)


def cases(found) -> list:
    return [pytest.param(arguments, id=command.where) for arguments, command in found.items()]


def without_distro(arguments) -> list[str]:
    rest = list(arguments)
    if '--distro' in rest:
        index = rest.index('--distro')
        del rest[index : index + 2]
    return rest


@pytest.mark.parametrize('arguments', cases(CASES))
def test_the_demo_has_these_options(arguments):
    demo_parser().parse_args(without_distro(arguments))


def test_help_names_options_of_the_demo():
    text = (ROOT / HELP).read_text(encoding='utf-8')
    section = re.search(r'^  demo .*?(?=^  test )', text, re.S | re.M)[0]
    known = {option for action in demo_parser()._actions for option in action.option_strings}
    assert set(re.findall(r'--\w+', section)) <= known


@pytest.fixture(scope='module')
def run_demo(tmp_path_factory, astronaut_bgr, model_store, require_package):
    """Run a demo once, in a folder of its own, until it ends or for some seconds."""
    require_package('skimage.data')
    done: dict[tuple[str, ...], tuple[str, Path]] = {}

    def run(arguments) -> tuple[str, Path]:
        if arguments not in done:
            files = DocumentFiles(tmp_path_factory.mktemp('demo'), astronaut_bgr)
            done[arguments] = _run(arguments, files)
        return done[arguments]

    return run


def _run(arguments, files) -> tuple[str, Path]:
    for word in arguments:
        if re.fullmatch(r'[\w/]+\.\w+', word):
            files.provide(word)
    # As `./run demo` does once it has set up, in a terminal.
    command = [sys.executable, '-m', 'facemesh_ros.ros.demo', *arguments]
    ours, theirs = pty.openpty()
    variables = {**os.environ, 'TERM': 'xterm', 'COLUMNS': '120', 'LINES': '50'}
    said = ''
    with subprocess.Popen(
        command, cwd=files.folder, env=variables, stdout=theirs, stderr=theirs
    ) as demo:
        os.close(theirs)
        ends_by_itself = '--seconds' in arguments
        while part := part_of(ours):
            said += part.decode(errors='replace')
            if not ends_by_itself and WITH_A_FACE.search(plain(said)):
                demo.send_signal(signal.SIGINT)
                ends_by_itself = True
        assert demo.wait(PATIENCE_S) == 0, said
    os.close(ours)
    chosen = demo_parser().parse_args(list(arguments))
    return plain(said), files.folder / chosen.output


def part_of(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # its other side is closed
        return b''


def plain(said: str) -> str:
    """Return what a terminal was told, without colours and moves."""
    return re.sub(r'\x1b\[[0-9;?]*[A-Za-z]', '', said).replace('\r', '')


@pytest.mark.parametrize('arguments', cases(TO_RUN))
def test_a_demo_sees_a_face_and_leaves_what_it_promises(arguments, run_demo):
    said, output = run_demo(arguments)
    assert re.search(r'f00001', said)
    for name in ('face.png', 'faces.mp4'):
        assert (output / name).stat().st_size
        assert f'{output.name}/{name}' in said


def test_the_terminal_shows_what_pages_show(run_demo):
    for command in SHOWN:
        said, _ = run_demo(command.parts[0].words[2:])
        missing = missing_line(command.output, said.splitlines())
        assert missing is None, f'{command.where}: {missing!r} is not in {said}'


def makers() -> list[tuple[str, ...]]:
    """Return the arguments of the demo that a page gives for the picture."""
    text = (ROOT / 'CONTRIBUTING.md').read_text(encoding='utf-8')
    found = re.findall(r'`docs/demo\.png` is the `face\.png` of `(\./run demo[^`]*)`', text)
    return [tuple(shlex.split(command)[2:]) for command in found]


def test_the_picture_of_the_readme_is_what_the_demo_leaves(run_demo):
    """The face moves, so each run has it elsewhere; what is drawn is the same."""
    (arguments,) = makers()
    _, output = run_demo(arguments)
    made, committed = (cv2.imread(str(path)) for path in (output / 'face.png', DEMO_PICTURE))
    assert made.shape == committed.shape
    assert_same_style(made, committed)


def assert_same_style(made: np.ndarray, committed: np.ndarray) -> None:
    """A mesh of the same form, and lines of the same width, at whatever distance."""
    forms, lines = [], []
    for picture in (made, committed):
        _, _, width, height = mesh_box(picture)
        forms.append(width / height)
        lines.append(green_pixels(picture) / width)
        # What is not drawn over is the bundled moving face, at some moment.
        assert nearest_moment(picture) < 8
    assert forms[0] == pytest.approx(forms[1], rel=0.2)
    assert lines[0] == pytest.approx(lines[1], rel=0.35)


def mesh_box(picture: np.ndarray) -> tuple[int, int, int, int]:
    mesh = cv2.dilate(
        cv2.inRange(cv2.cvtColor(picture, cv2.COLOR_BGR2HSV), *GREEN), np.ones((9, 9))
    )
    _, _, found, _ = cv2.connectedComponentsWithStats(mesh)
    return tuple(max(found[1:].tolist(), key=lambda box: box[-1])[:4])


def green_pixels(picture: np.ndarray) -> int:
    return int(np.count_nonzero(cv2.inRange(cv2.cvtColor(picture, cv2.COLOR_BGR2HSV), *GREEN)))


def test_another_drawing_is_found():
    """Thin lines made thick, and a mesh squeezed."""
    committed = cv2.imread(str(DEMO_PICTURE))
    assert_same_style(committed, committed)
    mesh = cv2.inRange(cv2.cvtColor(committed, cv2.COLOR_BGR2HSV), *GREEN)
    thick = committed.copy()
    thick[cv2.dilate(mesh, np.ones((3, 3))) > 0] = (0, 255, 0)
    squeezed = committed.copy()
    squeezed[:, 160:480] = cv2.resize(committed, (320, committed.shape[0]))
    for other in (thick, squeezed, moving_astronaut((640, 480)).image_at(0)):
        with pytest.raises((AssertionError, ValueError)):
            assert_same_style(other, committed)


def nearest_moment(picture: np.ndarray) -> float:
    """Return the least median difference of grey levels to an image of the bundled video."""
    small = moving_astronaut((160, 120))
    shown = cv2.resize(picture, small.image_wh, interpolation=cv2.INTER_AREA)[::4, ::4]
    return min(
        float(np.median(cv2.absdiff(shown, small.image_at(number / DEFAULT_RATE_HZ)[::4, ::4])))
        for number in range(round(60 * DEFAULT_RATE_HZ))
    )
