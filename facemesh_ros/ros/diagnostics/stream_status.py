"""The diagnostic status of one camera's stream."""

from __future__ import annotations

import math
import traceback
from collections.abc import Sequence
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue
from rclpy.qos import QoSProfile

from facemesh_ros.assembly.face_sensor import ModelInfo
from facemesh_ros.errors import FacemeshError, kind_of
from facemesh_ros.pipeline.face_pipeline import FacePipeline
from facemesh_ros.pipeline.stage_times import StageTimes
from facemesh_ros.ros.diagnostics.failure_rate import failure_findings, too_old_text
from facemesh_ros.ros.diagnostics.finding import Check, Finding, LogThrottle
from facemesh_ros.ros.diagnostics.image_counts import CountHistory
from facemesh_ros.ros.diagnostics.transport_advice import lost_images_remedy
from facemesh_ros.ros.input.newest_image_queue import NewestImageQueue
from facemesh_ros.ros.input.topics import CameraTopics
from facemesh_ros.ros.qos import resolved

WINDOW_S = 5.0
WINDOW_PERIODS = 3
LOG_PERIOD_S = 10.0


class StreamStatus:
    """Counts, errors and times of one stream, summarised once per report."""

    def __init__(
        self,
        topics: CameraTopics,
        model: ModelInfo,
        pipeline: FacePipeline,
        times: StageTimes,
        queue: NewestImageQueue[Any],
        qos: QoSProfile,
        checks: Sequence[Check],
    ) -> None:
        """Begin with the next image; `qos` is that of the subscription to the images."""
        self._topics, self._model, self._times = topics, model, times
        self._pipeline, self._queue, self._counts = pipeline, queue, queue.counts
        self._qos, self._checks = qos, checks
        self._detector_runs = pipeline.detector_runs
        self._history, self._throttle = CountHistory(queue.counts), LogThrottle()
        self._faces, self._error, self._max_age_s = 0, '', 0.0
        self._works = False

    def image_done(self, faces: int, latency_s: float) -> None:
        """Count an image that was published `latency_s` after its stamp, NaN if unknown."""
        self._counts.processed += 1
        if not self._works:
            self._works = True
            topic = resolved(self._topics.node, f'{self._topics.output_prefix}landmarks')
            self._topics.logger.info(f'images arrive; faces are published on {topic}')
        self._faces = faces
        if not math.isnan(latency_s):
            self._times.record('stamp to published', 1e3 * latency_s)

    def image_too_old(self, max_age_s: float) -> None:
        """Count an image that was skipped because of its age; logged from time to time."""
        self._counts.too_old += 1
        self._max_age_s = max_age_s
        if self._throttle.is_due('too old', LOG_PERIOD_S):
            topic = self._topics.image_topic
            self._topics.logger.warning(f'skipped images on {topic} {too_old_text(max_age_s)}')

    def image_failed(self, error: Exception) -> None:
        """Count an image that could not be processed; each kind is logged from time to time."""
        self._counts.failed += 1
        self._error = str(error) or repr(error)
        # What a user can correct is logged as a sentence, a bug with its traceback.
        is_ours = isinstance(error, FacemeshError)
        text = self._error if is_ours else ''.join(traceback.format_exception(error))
        if self._throttle.is_due(kind_of(error), LOG_PERIOD_S):
            self._topics.logger.error(f'image on {self._topics.image_topic} failed: {text}')

    def report(self, period_s: float) -> DiagnosticStatus:
        """Return the status since the last report, `period_s` ago."""
        self._history.add_report()
        # A few images of a slow camera, too.
        window_s = max(WINDOW_S, WINDOW_PERIODS * self._queue.rate.period_s())
        window = math.ceil(window_s / period_s)
        findings = self._findings(window)
        for finding in findings:
            self._log(finding)
        works = self._history.over(window).processed > 0
        texts = [f'{self._faces} face(s)'] * works + [finding.text for finding in findings]
        values = self._values(self._history.over(1).processed, period_s)
        if details := '\n'.join(finding.details for finding in findings if finding.details):
            values['details'] = details
        return DiagnosticStatus(
            level=max((finding.level for finding in findings), default=DiagnosticStatus.OK),
            name=f'{self._topics.display_name}: faces',
            message='; '.join(texts),
            hardware_id=self._topics.image_topic,
            values=[KeyValue(key=key, value=str(value)) for key, value in values.items()],
        )

    def _log(self, finding: Finding) -> None:
        period_s, log = finding.log_period_s, self._topics.logger
        if period_s is None or not self._throttle.is_due(finding.kind, period_s):
            return
        text = '\n'.join(filter(None, (finding.text, finding.details)))
        # rclpy keeps one level for each place in the code.
        if finding.level == DiagnosticStatus.ERROR:
            log.error(text)
        else:
            log.warning(text)

    def _findings(self, window: int) -> list[Finding]:
        """Return all that is wrong, over the last `window` reports."""
        recent = self._history.over(window)
        failures = failure_findings(
            recent,
            error=self._error,
            max_age_s=self._max_age_s,
            loss_remedy=lost_images_remedy(self._topics, self._qos) if recent.lost else '',
            all_failed=self._history.all_failed(window),
        )
        found = [*failures, *(check() for check in self._checks)]
        if warning := self._model.report.warning:
            found.append(Finding(warning))
        return [finding for finding in found if finding is not None]

    def _values(self, images: int, period_s: float) -> dict[str, object]:
        model, counts = self._model, self._counts
        before, self._detector_runs = self._detector_runs, self._pipeline.detector_runs
        return {
            'rate (Hz)': f'{images / period_s:.1f}',
            'images received': counts.received,
            'images dropped': counts.dropped,
            'images lost': counts.lost,
            'images too old': counts.too_old,
            'images failed': counts.failed,
            'images processed': counts.processed,
            'faces': self._faces,
            'execution provider': model.provider,
            'precision': model.precision,
            'landmark model': model.landmark_model,
            'detector': model.detector,
            **model.report.values(),
            **{
                f'{name} runs per image': f'{(runs - before.get(name, 0)) / max(images, 1):.2f}'
                for name, runs in self._detector_runs.items()
            },
            **{f'{name} (ms)': f'{ms:.2f}' for name, ms in self._times.medians_ms().items()},
        }
