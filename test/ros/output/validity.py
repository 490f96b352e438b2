"""Whether a message keeps the rules of those who read it."""

from __future__ import annotations

from typing import Any

from test.ros.output.annotation_rules import ANNOTATION_RULES, DETECTION_RULES
from test.ros.output.cloud_rules import CLOUD_RULES
from test.ros.output.marker_rules import MARKER_RULES

RULES = {
    'MarkerArray': MARKER_RULES,
    'PointCloud2': CLOUD_RULES,
    'ImageAnnotations': ANNOTATION_RULES,
    'Detection2DArray': DETECTION_RULES,
}


def violations(msg: Any) -> list[str]:
    """Return the rules that a message breaks; empty if it is valid."""
    rules = RULES[type(msg).__name__]
    return [f'{rule.what} ({rule.whose})' for rule in rules if not rule.holds(msg)]
