"""What the packages below ROS log, in the node's own log."""

from __future__ import annotations

import logging
from typing import Any

PACKAGE = 'facemesh_ros'


class RosLogHandler(logging.Handler):
    """Passes messages of Python's logging to a node's logger; any thread may log."""

    def __init__(self, logger: Any) -> None:
        """Attach to this package's log; for `logger` see rclpy's `Node.get_logger`."""
        super().__init__(logging.INFO)
        # Each place that logs keeps its level in rclpy, so each level needs a place of its own.
        self._told = {
            logging.INFO: lambda text: logger.info(text),
            logging.WARNING: lambda text: logger.warning(text),
            logging.ERROR: lambda text: logger.error(text),
        }
        package = logging.getLogger(PACKAGE)
        package.setLevel(logging.INFO)
        package.propagate = False
        package.addHandler(self)

    def close(self) -> None:
        """Detach from the log; where nobody listens any more, it goes where Python's goes."""
        package = logging.getLogger(PACKAGE)
        package.removeHandler(self)
        package.propagate = not package.handlers
        super().close()

    def emit(self, record: logging.LogRecord) -> None:
        """Log one message, with the trace of its error if it has one."""
        try:
            self._told.get(record.levelno, self._told[logging.ERROR])(self.format(record))
        except Exception:  # rclpy is down, and who logs must not fail for that
            self.handleError(record)
