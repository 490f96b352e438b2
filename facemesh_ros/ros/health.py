"""How a stream of images is doing, and why nothing arrives."""

from __future__ import annotations

import math
import traceback
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

from facemesh_ros.core.pipeline import FacePipeline
from facemesh_ros.errors import FacemeshError
from facemesh_ros.ros.inbox import Inbox
from facemesh_ros.ros.source import Source
from facemesh_ros.sensor import ModelInfo
from facemesh_ros.timing import StageTimes

SILENCE_S = 5.0
LOG_PERIOD_S = 10.0


class Health:
    """Counts, times and errors of one stream.

    Attributes:
        processed: Images whose landmarks were published.
        faces: Number of faces in the last image.
        too_old: Images that were left out because of their age.
        error: Why the last image could not be processed; empty if it could.
    """

    def __init__(
        self,
        source: Source,
        model: ModelInfo,
        pipeline: FacePipeline,
        times: StageTimes,
        inbox: Inbox[Any],
    ) -> None:
        """Begin at nothing; how many images arrive and get replaced is read off the inbox."""
        self.processed = self.faces = self.too_old = 0
        self.error = ''
        self._source, self._topic = source, source.image_topic
        self._model, self._times = model, times
        self._pipeline, self._inbox = pipeline, inbox
        self._received_before = self._processed_before = 0
        self._looks_before = pipeline.looks
        self._silent_s = 0.0

    def image_done(self, faces: int, latency_s: float) -> None:
        """Count an image whose landmarks came out `latency_s` after its stamp, NaN if unknown."""
        self.processed += 1
        self.faces = faces
        self.error = ''
        if not math.isnan(latency_s):
            self._times.record('stamp to published', 1e3 * latency_s)

    def image_too_old(self, max_age_s: float) -> None:
        """Count an image that was left out because of its age, and say so now and then."""
        self.too_old += 1
        self._source.logger.warning(
            f'images on {self._topic} older than max_image_age ({max_age_s:g} s) are left out: '
            "is the camera's clock in step with this machine's, or the machine too slow?",
            throttle_duration_sec=LOG_PERIOD_S,
        )

    def image_failed(self, error: Exception) -> None:
        """Remember why an image could not be processed, and say so now and then."""
        self.error = str(error) or repr(error)
        # What a user can mend is told in a sentence, a fault of ours with its trace.
        told = isinstance(error, FacemeshError)
        text = self.error if told else ''.join(traceback.format_exception(error))
        self._source.logger.error(
            f'image on {self._topic} failed: {text}',
            throttle_duration_sec=LOG_PERIOD_S,
        )

    def report(self, period_s: float) -> DiagnosticStatus:
        """Return how the stream has been doing since the last report, `period_s` ago."""
        received, processed = self._inbox.received, self.processed
        arrived, done = received - self._received_before, processed - self._processed_before
        self._received_before, self._processed_before = received, processed
        self._silent_s = 0.0 if arrived else self._silent_s + period_s
        silent = self._silent_s >= SILENCE_S
        if silent:
            self._source.logger.warning(self._why_silent(), throttle_duration_sec=LOG_PERIOD_S)
        level, message = self._judgement(silent)
        values = self._values(done, period_s)
        return DiagnosticStatus(
            level=level,
            name=f'{self._source.name}: faces',
            message=message,
            hardware_id=self._topic,
            values=[KeyValue(key=key, value=str(value)) for key, value in values.items()],
        )

    def _why_silent(self) -> str:
        publishers = self._source.node.count_publishers(self._topic)
        if not publishers:
            return f'nobody publishes {self._topic}: is the camera running, the remap right?'
        return (
            f'{publishers} publisher(s) on {self._topic}, but no image arrives: over best effort, '
            'large images can be lost whole; start the camera with '
            'config/fastdds_large_images.xml of this package as FASTDDS_DEFAULT_PROFILES_FILE, '
            'or make this subscription reliable by qos_overrides'
        )

    def _judgement(self, silent: bool) -> tuple[bytes, str]:
        if self.error:
            return DiagnosticStatus.ERROR, self.error
        if silent:
            return DiagnosticStatus.WARN, self._why_silent()
        if warning := self._model.proof.warning:
            return DiagnosticStatus.WARN, f'{self.faces} face(s); {warning}'
        return DiagnosticStatus.OK, f'{self.faces} face(s)'

    def _looks_per_image(self, images: int) -> dict[str, str]:
        """Say how often each detector looked at an image since the last report: its cost."""
        before, self._looks_before = self._looks_before, self._pipeline.looks
        return {
            f'{name} looks per image': f'{(looks - before.get(name, 0)) / max(images, 1):.2f}'
            for name, looks in self._looks_before.items()
        }

    def _values(self, images: int, period_s: float) -> dict[str, object]:
        model = self._model
        return {
            'rate (Hz)': f'{images / period_s:.1f}',
            'images received': self._inbox.received,
            'images dropped': self._inbox.dropped,
            'images too old': self.too_old,
            'images processed': self.processed,
            'faces': self.faces,
            'execution provider': model.provider,
            'precision': model.precision,
            'landmark model': model.landmark_model,
            'detector': model.detector,
            **model.proof.values(),
            **self._looks_per_image(images),
            **{f'{name} (ms)': f'{ms:.2f}' for name, ms in self._times.medians_ms().items()},
        }
