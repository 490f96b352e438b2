"""The page in Chromium: as wide as a phone, drawn, and answering a finger."""

from __future__ import annotations

import json
import subprocess

import pytest
from chromium import chromium
from face_recordings import START_NS, faces_msg, info, placed_face

from facemesh_ros.viz.report.page import Report, page_of
from facemesh_ros.viz.seen_image import SeenImage

# Measures the page in a frame of a phone's width, as a person with a finger would find it.
FRAME = """<!DOCTYPE html><body><iframe id="page" src="report.html" width="360" height="4000">
</iframe><pre id="found"></pre><script>
document.getElementById('page').onload = (event) => {
  const view = event.target.contentWindow, page = view.document;
  const area = page.querySelector('svg[data-from]');
  const box = area.getBoundingClientRect();
  const finger = {clientX: box.left + box.width / 2, clientY: box.top + 5, bubbles: true};
  area.dispatchEvent(new view.PointerEvent('pointerdown', finger));
  const lines = [...page.querySelectorAll('.line')];
  document.getElementById('found').textContent = JSON.stringify({
    width: page.documentElement.scrollWidth,
    least_text: Math.min(...[...page.querySelectorAll('p, span, td, dt')].map(
      (it) => parseFloat(view.getComputedStyle(it).fontSize))),
    lines: lines.length,
    drawn: lines.filter((it) => it.getBBox().width > 0).length,
    wide: [...page.querySelectorAll('figure, .tracks, ul')].filter(
      (it) => it.getBoundingClientRect().right > 360).length,
    now: [...page.querySelectorAll('.now')].map((it) => it.textContent),
    cursors: [...page.querySelectorAll('.cursor')].filter((it) => !it.hidden).length,
  });
};
</script></body>"""


def report_of_ten_seconds() -> Report:
    report = Report('a_recording_with_a_name_that_is_longer_than_a_phone_is_wide.mcap')
    topic = '/robot_with_a_long_name/head/front/camera/color/image_raw'
    for number in range(250):
        stamp_ns = START_NS + 40_000_000 * number
        faces = [
            placed_face('f00001', (0, 0, 1 + 0.001 * number), presence=0.5 + 0.001 * number),
            placed_face('f00002', (0.4, 0, 2), presence=0.9),
        ]
        msg = faces_msg(stamp_ns, faces, dropped_images=number // 10)
        report.stream(topic).add(SeenImage(topic, stamp_ns, None, msg, info(), None, None))
    return report


def test_a_phone_shows_all_of_it(require, tmp_path):
    require(chromium(), 'Chromium')
    (tmp_path / 'report.html').write_text(page_of(report_of_ten_seconds()), encoding='utf-8')
    (tmp_path / 'frame.html').write_text(FRAME, encoding='utf-8')
    command = [
        *(chromium(), '--headless=new', '--no-sandbox', '--disable-gpu', '--dump-dom'),
        *('--allow-file-access-from-files', f'--user-data-dir={tmp_path / "profile"}'),
        *('--virtual-time-budget=4000', (tmp_path / 'frame.html').as_uri()),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    found = json.loads(done.stdout.split('<pre id="found">')[1].split('</pre>')[0])
    assert found['width'] <= 360
    assert found['wide'] == 0
    assert found['least_text'] >= 11
    assert found['lines'] == found['drawn'] > 15
    # In all plots at once, read from the curves.
    assert found['cursors'] == len(found['now']) > 8
    (presence,) = (
        text for text in found['now'] if text.startswith('5.0 s: f00001 0.6') and '0.9' in text
    )
    first = float(presence.split('f00001 ')[1].split()[0].rstrip(','))
    assert first == pytest.approx(0.625, abs=0.01)
