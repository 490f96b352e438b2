#!/usr/bin/env python3
"""Says who blinks and whose mouth moves as in speech; needs no calibration.

python3 examples/blink_and_speech.py --ros-args -r __ns:=/robot
"""

from contextlib import suppress
from statistics import median, pstdev

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile

from facemesh_ros import consumer
from facemesh_ros.msg import FaceMeshArray, FaceMeshInfo

LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
USUAL_S, SPEECH_S, BLINK_S = 3.0, 1.0, 0.5
CLOSED, REOPENED = 0.6, 0.8  # of how far these eyes are usually open
SPEECH, SILENCE = 0.04, 0.02  # standard deviation of the mouth's ratio


class Person:
    def __init__(self) -> None:
        self.seen: list[tuple[float, float, float]] = []  # time, openings of eyes and mouth
        self.closed_s, self.speaks = None, False

    def see(self, now_s: float, eyes: float, mouth: float) -> list[str]:
        self.seen = [each for each in self.seen if now_s - each[0] < USUAL_S]
        self.seen.append((now_s, eyes, mouth))
        said, usual = [], median(each[1] for each in self.seen)
        if self.closed_s is None:
            self.closed_s = now_s if eyes < CLOSED * usual else None
        elif eyes > REOPENED * usual:
            said += ['blinks'] if now_s - self.closed_s < BLINK_S else []
            self.closed_s = None
        moves = pstdev(each[2] for each in self.seen if now_s - each[0] < SPEECH_S)
        if self.speaks != (moves > (SILENCE if self.speaks else SPEECH)):
            self.speaks = not self.speaks
            said.append('speaks' if self.speaks else 'is silent')
        return said


class BlinkAndSpeech(Node):
    def __init__(self) -> None:
        super().__init__('blink_and_speech')
        self._names, self._people, self._latest, self._has = None, {}, consumer.LatestFaces(), True
        self.create_subscription(FaceMeshInfo, 'facemesh/info', self._on_info, LATCHED)
        self.create_subscription(FaceMeshArray, 'facemesh/landmarks', self._on_faces, 5)
        self.create_timer(0.2, self._watch)

    def _on_info(self, info: FaceMeshInfo) -> None:
        self._names = consumer.NamedLandmarks(info)

    def _on_faces(self, msg: FaceMeshArray) -> None:
        self._latest(msg)
        # Ids are never reused; after a pause, or when a bag begins again, all are new.
        self._people = {face.id: self._people.get(face.id, Person()) for face in msg.faces}
        for face in consumer.seen_faces(msg) if self._names and self._watch() else []:
            points = consumer.landmarks(face)
            eyes = [consumer.eye_opening(points, self._names, eye) for eye in ('left', 'right')]
            mouth = consumer.mouth_opening(points, self._names)
            seen = -consumer.age_s(msg.header, 0), max(eye.ratio for eye in eyes), mouth.ratio
            for what in self._people[face.id].see(*seen):
                print(f'{face.id} {what}', flush=True)

    def _watch(self) -> bool:
        newest = self._latest.at(self.get_clock().now().nanoseconds)
        if newest is None and self._has:
            print('no results: is the node active, and does the camera send images?', flush=True)
        self._has = newest is not None
        return self._has


if __name__ == '__main__':
    rclpy.init()
    with suppress(KeyboardInterrupt, ExternalShutdownException):
        rclpy.spin(BlinkAndSpeech())
