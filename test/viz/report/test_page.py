"""The page: numbers counted here from the messages themselves, its HTML, odd recordings."""

from __future__ import annotations

import math
import re
import tracemalloc
from collections.abc import Iterable
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from face_recordings import START_NS, faces_msg, info, placed_face

from facemesh_ros.viz.report.page import Report, page_of
from facemesh_ros.viz.report.statistics import StreamStatistics
from facemesh_ros.viz.seen_image import SeenImage

RATE_HZ = 25
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>&amp;'
VOID = {'meta', 'br', 'hr'}


class Page(HTMLParser):
    """Reads a page strictly: every element is closed where it should be."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []
        self._text: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {'script', 'style'} & set(self._open):
            self._text.append(data)

    @property
    def words(self) -> str:
        return re.sub(r'\s+', ' ', ' '.join(self._text))


def seen(msg: Any, stream: str = '/cam/image_raw', known: Any = None, **fields: Any) -> SeenImage:
    stamp_ns = msg.header.stamp.sec * 10**9 + msg.header.stamp.nanosec
    values = {'received_ns': stamp_ns + 30_000_000, 'frame': None, 'camera': None, **fields}
    return SeenImage(stream, stamp_ns, msg=msg, info=known or info(), **values)


def stamps(count: int, rate_hz: float = RATE_HZ) -> list[int]:
    return [START_NS + round(1e9 * number / rate_hz) for number in range(count)]


def report_of(images: Iterable[SeenImage], **fields: Any) -> Report:
    report = Report('recording', **fields)
    for image in images:
        report.stream(image.stream).add(image)
    return report


def page(images: Iterable[SeenImage], **fields: Any) -> Page:
    return Page(page_of(report_of(images, **fields)))


@pytest.fixture(scope='module')
def minute() -> list[Any]:
    """A minute of messages: two ids, drops, losses and failures, latencies."""
    rng, messages = np.random.default_rng(3), []
    dropped, lost, failed = 100, 7, 1  # from before the recording
    for number, stamp_ns in enumerate(stamps(60 * RATE_HZ)):
        if rng.random() < 0.05:
            dropped += 1
            continue
        lost += number == 700
        failed += number % 500 == 499
        one = placed_face('f00007', state=2 if number % 100 > 97 else 1, age=number)
        two = [placed_face('f00009', (0.4, 0.0, 2.0), age=number)] if number > 500 else []
        latency = float(np.float32(0.02 + 0.01 * rng.random()))
        counts = {'dropped_images': dropped, 'lost_images': lost, 'failed_images': failed}
        messages.append(faces_msg(stamp_ns, [one, *two], latency=latency, **counts))
    return messages


def test_the_numbers_are_those_of_the_messages(minute):
    words = page(seen(msg) for msg in minute).words
    first, last = minute[0], minute[-1]
    images = len(minute)
    dropped, lost, failed = (
        getattr(last, name) - getattr(first, name)
        for name in ('dropped_images', 'lost_images', 'failed_images')
    )
    whole = images + dropped + lost + failed
    assert f'{dropped} images ({100 * dropped / whole:.1f} %) dropped' in words
    assert lost == 1
    assert '1 image (less than 0.1 %) lost' in words
    assert f'{failed} images ({100 * failed / whole:.1f} %) refused or failed' in words
    assert f'processed {images // 1000} {images % 1000:03} {100 * images / whole:.1f} %' in words
    latencies = [msg.latency for msg in minute]
    assert f'it took {1e3 * np.median(latencies):.0f} ms in the median' in words
    assert f'at most {1e3 * np.quantile(latencies, 0.95):.0f} ms in 19' in words
    span_s = (last.header.stamp.sec - first.header.stamp.sec) + 1e-9 * (
        last.header.stamp.nanosec - first.header.stamp.nanosec
    )
    assert f'{span_s:.1f} s at {(images - 1) / span_s:.1f} Hz' in words
    coasting = [msg.faces[0].state == 2 for msg in minute]
    rows = re.search(r'f00007 0 s 59.9 s ([\d.]+) % 0.99 1 m', words)
    assert float(rows[1]) == pytest.approx(100 * np.mean(coasting), abs=0.05)
    assert 'up to 2 faces at once' in words


def test_the_page_is_complete_by_itself(minute):
    text = page_of(report_of(seen(msg) for msg in minute))
    found = Page(text)
    for name, attributes in found.elements:
        assert name not in {'link', 'iframe', 'img', 'object', 'embed', 'base'}
        assert not {'src', 'srcset', 'xlink:href', 'action'} & attributes.keys()
        assert str(attributes.get('href', '#')).startswith('#')
    assert 'url(' not in text
    assert '@import' not in text
    assert re.search(r'https?:|//[a-z]', re.sub(r'// .*', '', text)) is None
    (policy,) = (it['content'] for _, it in found.elements if 'http-equiv' in it)
    assert policy.startswith("default-src 'none'")
    # Whoever cannot see a curve is told what it shows.
    pictures = [it for name, it in found.elements if name == 'svg']
    assert len(pictures) > 10
    assert all(it.get('role') == 'img' and it.get('aria-label') for it in pictures)


def test_names_are_shown_and_never_run():
    known = info(model=HOSTILE, execution_provider=HOSTILE)
    face = placed_face(HOSTILE)
    messages = [faces_msg(stamp_ns, [face]) for stamp_ns in stamps(50)]
    text = page_of(
        report_of(
            [seen(msg, HOSTILE, known) for msg in messages],
            origin=HOSTILE,
            problems=[HOSTILE, 'bell \a and escape \x1b[31m'],
        )
    )
    found = Page(text)
    assert [name for name, _ in found.elements].count('script') == 1
    assert not [it for _, it in found.elements if 'onerror' in it]
    assert found.words.count('<script>alert(1)</script>') >= 5
    assert not re.search('[\x00-\x08\x0b-\x1f]', text)


def test_a_recording_without_images_says_so():
    assert 'no image' in Page(page_of(Report('empty'))).words
    report = Report('empty')
    report.stream('/cam/image_raw')
    assert 'No image was processed.' in Page(page_of(report)).words


@pytest.mark.parametrize('count', [1, 2, 200])
def test_no_faces(count):
    words = page(seen(faces_msg(stamp_ns)) for stamp_ns in stamps(count)).words
    assert 'No face was found in any image.' in words
    assert 'nan' not in words.lower().split()


def test_no_metres():
    faces = [placed_face(is_metric=False)]
    words = page(seen(faces_msg(stamp_ns, faces)) for stamp_ns in stamps(60)).words
    assert 'No face has metres' in words
    assert 'Head angles' not in words
    assert 'Eyes and mouth' in words


def test_latency_that_is_not_known_is_not_made_up():
    words = page(
        seen(faces_msg(stamp_ns, [placed_face()], latency=math.nan)) for stamp_ns in stamps(60)
    ).words
    assert 'How long images took is not known' in words
    # Nor can anything have been dropped by whoever read a file.
    assert 'Dropped –' in words
    assert 'No image was dropped' not in words


def test_a_clock_that_is_set_back_moves_nothing_on_the_page():
    times = [*stamps(250), *(stamp_ns - 3600 * 10**9 for stamp_ns in stamps(250))]
    received = [START_NS + round(1e9 * number / RATE_HZ) for number in range(500)]
    images = [
        seen(faces_msg(stamp_ns, [placed_face()]), received_ns=received_ns)
        for stamp_ns, received_ns in zip(times, received, strict=True)
    ]
    words = page(images).words
    assert 'The clock of the stamps jumped 1 time' in words
    assert '20 s at 25 Hz' in words


def test_images_without_stamps_have_the_times_of_recording():
    images = [
        seen(faces_msg(0, [placed_face()]), received_ns=START_NS + number * 100_000_000)
        for number in range(101)
    ]
    words = page(images).words
    assert '10 s at 10 Hz' in words
    assert 'The images have no stamps' in words


def test_a_node_that_was_started_again_counts_from_zero_and_its_ids_are_others():
    images = []
    for number, stamp_ns in enumerate(stamps(200)):
        run = number % 100
        dropped = 50 + run // 10 if number < 100 else run // 20
        face = placed_face(age=run + 1)
        images.append(seen(faces_msg(stamp_ns, [face], dropped_images=dropped)))
    report = report_of(images)
    (series,) = report.streams.values()
    assert StreamStatistics(series).total('dropped_images') == 9 + 4
    assert list(series.tracks) == ['f00001', 'f00001 (2)']
    assert 'started again 1 time' in Page(page_of(report)).words


def test_a_new_id_in_the_same_place_is_told():
    images = []
    for number, stamp_ns in enumerate(stamps(200)):
        there = [placed_face('f00001' if number < 100 else 'f00002')] if number % 100 > 5 else []
        aside = [placed_face('f00003', (0.8, 0.0, 2.0))] if number > 150 else []
        images.append(seen(faces_msg(stamp_ns, [*there, *aside])))
    words = page(images).words
    assert '1 time a new id began' in words
    assert 'f00001 to f00002' in words


def test_a_gap_is_told_with_its_place():
    times = [*stamps(100), *(stamp_ns + 6 * 10**9 for stamp_ns in stamps(100))]
    words = page(seen(faces_msg(stamp_ns)) for stamp_ns in times).words
    assert '1 gap of more than 0.5 s without any result, the longest 2.04 s at 4 s' in words


def test_jitter_is_told_before_and_after_the_filter():
    """What is left is put in as white noise, what was removed is in the messages."""
    rng, left_px, removed_px = np.random.default_rng(0), 0.1, 0.4
    face = placed_face()
    points = np.array(face.landmarks)
    eyes_px = math.dist(points[3 * 33 : 3 * 33 + 3], points[3 * 263 : 3 * 263 + 3])
    images = []
    for stamp_ns in stamps(500):
        noisy = np.float32(points + rng.normal(0, left_px, len(points)))
        one = placed_face(landmarks=noisy, jitter=removed_px)
        images.append(seen(faces_msg(stamp_ns, [one])))
    words = page(images).words
    before, after = map(float, re.search(r'([\d.]+) % before, ([\d.]+) % after', words).groups())
    # The quietest tenth has a little less than the mean.
    assert after == pytest.approx(100 * left_px * math.sqrt(2) / eyes_px, rel=0.1)
    mixed = math.hypot(removed_px, left_px * math.sqrt(2))
    assert before == pytest.approx(100 * mixed / eyes_px, rel=0.1)


def status(level: Any, message: str, **values: str) -> Any:
    pairs = [SimpleNamespace(key=key, value=value) for key, value in values.items()]
    return SimpleNamespace(
        name='facemesh: faces',
        hardware_id='/cam/image_raw',
        level=level,
        message=message,
        values=pairs,
    )


def test_what_the_node_said_of_itself_is_on_the_page():
    images = [seen(faces_msg(stamp_ns)) for stamp_ns in stamps(100)]
    report = report_of(images)
    for number in range(9):
        known = {'detect (ms)': str(3.0 + number), 'landmarks (ms)': '1.5', 'rate (Hz)': '25.0'}
        said = status(b'\x01', f'{number} of 90 images were lost', **known)
        report.diagnostics.add(SimpleNamespace(status=[said]))
    other = status(2, 'too hot')
    other.name = 'battery'
    report.diagnostics.add(SimpleNamespace(status=[status(0, '1 face(s)'), other]))
    words = Page(page_of(report)).words
    assert 'OK 1, warning 9' in words
    assert re.search('0 of 90 images were lost 9 ', words)
    assert re.search('detect 7 landmarks 1.5', words)
    assert 'too hot' not in words


def test_several_cameras_have_a_section_each(minute):
    report = report_of(
        seen(msg, stream) for msg in minute[:200] for stream in ('/front/image', '/rear/image')
    )
    found = Page(page_of(report))
    ids = [it['id'] for name, it in found.elements if name == 'section']
    links = [it['href'] for name, it in found.elements if name == 'a']
    assert links == [f'#{name}' for name in ids]
    assert len(ids) == 2


FACES = 5
PHONE_BYTES = 1_000_000
HOUR_S = 3600


def crowd(count: int) -> Iterable[SeenImage]:
    """So many images of an hour in which five faces do all they can."""
    rng = np.random.default_rng(0)
    faces = [placed_face(f'f{number:05}', (0.3 * number - 0.6, 0, 1.5)) for number in range(FACES)]
    for number, stamp_ns in enumerate(stamps(count, count / HOUR_S)):
        for face in faces:
            face.age = number
            face.presence = 0.9 + 0.1 * rng.random()
            face.jitter = rng.random()
            turn = rng.normal(0, 0.1, 3)
            face.gaze_left = face.gaze_right = np.float32([turn[0], turn[1], -1])
            face.pose.pose.position.z = 1.5 + 0.1 * rng.random()
        yield seen(faces_msg(stamp_ns, faces, latency=rng.random() / 10), '/cam')


def test_an_hour_of_five_faces_opens_on_a_phone():
    """All columns of the plots are full, so that more images would not make them larger."""
    assert len(page_of(report_of(crowd(1500))).encode()) < PHONE_BYTES


def test_no_landmarks_are_kept():
    """Those of an hour are gigabytes."""
    images, report = list(crowd(400)), Report('hour')
    for image in images[:200]:
        report.stream(image.stream).add(image)
    tracemalloc.start()
    for image in images[200:]:
        report.stream(image.stream).add(image)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    bytes_of_an_hour = kept / 200 * 30 * HOUR_S
    assert bytes_of_an_hour < 300e6
