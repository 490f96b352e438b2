"""How a stream of images is doing."""

from __future__ import annotations

import math
import re
import traceback
from collections.abc import Callable, Sequence
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

from facemesh_ros.assembly.face_sensor import ModelInfo
from facemesh_ros.errors import FacemeshError
from facemesh_ros.pipeline.face_pipeline import FacePipeline
from facemesh_ros.pipeline.stage_times import StageTimes
from facemesh_ros.ros.diagnostics.failure_rate import outcome_findings
from facemesh_ros.ros.diagnostics.finding import Check, Finding
from facemesh_ros.ros.diagnostics.log_throttle import LogThrottle
from facemesh_ros.ros.diagnostics.recent_images import CountHistory
from facemesh_ros.ros.input.newest_image_queue import NewestImageQueue
from facemesh_ros.ros.input.topics import CameraTopics

WINDOW_S = 5.0
WINDOW_PERIODS = 3
LOG_PERIOD_S = 10.0


class StreamStatus:
    """Times, errors and outcomes of one stream, judged once for each report.

    Attributes:
        faces: Number of faces in the last image.
    """

    def __init__(
        self,
        source: CameraTopics,
        model: ModelInfo,
        pipeline: FacePipeline,
        times: StageTimes,
        inbox: NewestImageQueue[Any],
        cure: Callable[[], str],
        checks: Sequence[Check],
    ) -> None:
        """Begin to watch.

        Args:
            source: Whose images they are.
            model: What runs.
            pipeline: What works on them.
            times: How long its stages take.
            inbox: Where images arrive and are counted.
            cure: Says what to do about images that get lost on the way.
            checks: What else may be wrong.
        """
        self.faces = 0
        self._source, self._model, self._times = source, model, times
        self._pipeline, self._inbox, self._counts = pipeline, inbox, inbox.counts
        self._cure, self._checks = cure, checks
        self._looks_before = pipeline.detector_runs
        self._recent, self._throttle = CountHistory(inbox.counts), LogThrottle()
        self._error, self._age_limit_s = '', 0.0

    def image_done(self, faces: int, latency_s: float) -> None:
        """Count an image whose landmarks came out `latency_s` after its stamp, NaN if unknown."""
        self._counts.processed += 1
        self.faces = faces
        if not math.isnan(latency_s):
            self._times.record('stamp to published', 1e3 * latency_s)

    def image_too_old(self, max_age_s: float) -> None:
        """Count an image that was left out because of its age, and say so now and then."""
        self._counts.too_old += 1
        self._age_limit_s = max_age_s
        if self._throttle.is_due('too old', LOG_PERIOD_S):
            self._source.logger.warning(
                f'images on {self._source.image_topic} older than max_image_age '
                f"({max_age_s:g} s) are left out: is the camera's clock in step with this "
                "machine's, or the machine too slow?"
            )

    def image_failed(self, error: Exception) -> None:
        """Count an image that could not be processed, and say why, each reason now and then."""
        self._counts.failed += 1
        self._error = str(error) or repr(error)
        # What a user can mend is told in a sentence, a fault of ours with its trace.
        told = isinstance(error, FacemeshError)
        text = self._error if told else ''.join(traceback.format_exception(error))
        reason = type(error), re.sub(r'\d+', '#', self._error)
        if self._throttle.is_due(reason, LOG_PERIOD_S):
            self._source.logger.error(f'image on {self._source.image_topic} failed: {text}')

    def report(self, period_s: float) -> DiagnosticStatus:
        """Return how the stream has been doing since the last report, `period_s` ago."""
        self._recent.report()
        findings = self._findings(period_s)
        for finding in findings:
            every_s = finding.every_s
            if every_s is not None and self._throttle.is_due(finding.kind, every_s):
                self._source.logger.warning(finding.text)
        works = self._recent.over(self._window(period_s)).processed > 0
        texts = [f'{self.faces} face(s)'] * works + [finding.text for finding in findings]
        values = self._values(self._recent.over(1).processed, period_s)
        return DiagnosticStatus(
            level=max((finding.level for finding in findings), default=DiagnosticStatus.OK),
            name=f'{self._source.name}: faces',
            message='; '.join(texts),
            hardware_id=self._source.image_topic,
            values=[KeyValue(key=key, value=str(value)) for key, value in values.items()],
        )

    def _window(self, period_s: float) -> int:
        """Return how many reports count as recent: a few images of a slow camera, too."""
        window_s = max(WINDOW_S, WINDOW_PERIODS * self._inbox.rhythm.usual_s())
        return math.ceil(window_s / period_s)

    def _findings(self, period_s: float) -> list[Finding]:
        window = self._window(period_s)
        recent = self._recent.over(window)
        outcomes = outcome_findings(
            recent,
            error=self._error,
            age_limit_s=self._age_limit_s,
            cure=self._cure() if recent.lost else '',
            fails_always=self._recent.fails_always(window),
        )
        found = [*outcomes, *(check() for check in self._checks)]
        if warning := self._model.report.warning:
            found.append(Finding(warning))
        return [finding for finding in found if finding is not None]

    def _looks_per_image(self, images: int) -> dict[str, str]:
        """Say how often each detector looked at an image since the last report: its cost."""
        before, self._looks_before = self._looks_before, self._pipeline.detector_runs
        return {
            f'{name} looks per image': f'{(looks - before.get(name, 0)) / max(images, 1):.2f}'
            for name, looks in self._looks_before.items()
        }

    def _values(self, images: int, period_s: float) -> dict[str, object]:
        model, counts = self._model, self._counts
        return {
            'rate (Hz)': f'{images / period_s:.1f}',
            'images received': counts.received,
            'images dropped': counts.dropped,
            'images lost': counts.lost,
            'images too old': counts.too_old,
            'images failed': counts.failed,
            'images processed': counts.processed,
            'faces': self.faces,
            'execution provider': model.provider,
            'precision': model.precision,
            'landmark model': model.landmark_model,
            'detector': model.detector,
            **model.report.values(),
            **self._looks_per_image(images),
            **{f'{name} (ms)': f'{ms:.2f}' for name, ms in self._times.medians_ms().items()},
        }
