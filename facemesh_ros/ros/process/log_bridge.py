"""Forwards Python's logging of this package to the node's logger."""

from __future__ import annotations

import logging
from typing import Any

PACKAGE = 'facemesh_ros'


class RosLogHandler(logging.Handler):
    """Forwards messages of Python's logging to a node's logger; any thread may log."""

    def __init__(self, logger: Any) -> None:
        """Attach to this package's log; for `logger` see rclpy's `Node.get_logger`."""
        super().__init__(logging.INFO)
        # rclpy keeps one level for each place in the code, so each level needs its own.
        self._by_level = {
            logging.INFO: lambda text: logger.info(text),
            logging.WARNING: lambda text: logger.warning(text),
            logging.ERROR: lambda text: logger.error(text),
        }
        package = logging.getLogger(PACKAGE)
        package.setLevel(logging.INFO)
        package.propagate = False
        package.addHandler(self)

    def close(self) -> None:
        """Detach from the log; after the last handler, messages go where Python sends them."""
        package = logging.getLogger(PACKAGE)
        package.removeHandler(self)
        package.propagate = not package.handlers
        super().close()

    def emit(self, record: logging.LogRecord) -> None:
        """Log one message, with its traceback if it has one."""
        try:
            self._by_level.get(record.levelno, self._by_level[logging.ERROR])(self.format(record))
        except Exception:  # rclpy may be shut down, and logging must not raise for that
            self.handleError(record)
