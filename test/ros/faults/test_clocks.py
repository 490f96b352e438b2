"""Clocks that jump or stop: the system's, as a process sees it, and /clock."""

from __future__ import annotations

from pathlib import Path

import pytest
from rosgraph_msgs.msg import Clock

DAY_S = 86400


def test_steps_of_the_system_clock_stop_nothing(client, start, preloaded, face_msg):
    """A day forth, and two back: the reports go on, and every image is answered."""
    offset = Path(preloaded['CLOCK_OFFSET'])
    node = start(environment=preloaded)
    (face,) = client.answer_to(face_msg()).faces
    for step_s in (DAY_S, -DAY_S, 0):
        offset.write_text(f'{step_s}\n')
        image = face_msg()
        image.header.stamp = client.get_clock().now().to_msg()
        answer = client.answer_to(image)
        assert answer.latency == pytest.approx(step_s, abs=60)
        assert answer.faces[0].id == face.id
        client.figures.clear()
        client.wait_until(lambda: client.figures, 'diagnostics')
        client.wait_until(lambda: 'no image' not in client.status.message, 'images')
    assert 'hang' not in node.log
    assert node.stop() == 0


def test_simulated_time_jumps_forth_and_back_and_stands_still(client, start, face_msg):
    node = start('use_sim_time:=true')
    clock = client.create_publisher(Clock, '/clock', 1)

    def answer_at(now_s: int):
        """Publish a time until an image of two seconds before has this latency."""
        answers, now = [], Clock()
        now.clock.sec = now_s

        def answered() -> bool:
            clock.publish(now)
            client.spin_for(0.1)
            image = face_msg()
            image.header.stamp.sec, image.header.stamp.nanosec = now_s - 2, len(answers)
            answers.append(client.answer_to(image))
            return answers[-1].latency == pytest.approx(2.0, abs=1e-3)

        client.wait_until(answered, 'the time')
        return answers[-1]

    first = answer_at(1000).faces[0]
    assert answer_at(1001).faces[0].id == first.id
    assert answer_at(5000).faces[0].id > first.id  # an hour later
    assert answer_at(100).faces  # the simulation began anew
    client.wait_until(lambda: 'stands still' in node.log, 'a clock that stands still')
    assert answer_at(101).faces
    assert 'Traceback' not in node.log
    assert node.stop() == 0
