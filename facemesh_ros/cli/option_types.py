"""Kinds of command-line options."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any


class Once(argparse.Action):
    """An option that may be given once: a second value would silently replace the first."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Take the value; raises argparse.ArgumentError if there is one."""
        if getattr(namespace, self.dest) is not None:
            raise argparse.ArgumentError(self, 'given twice')
        setattr(namespace, self.dest, values)


def jobs(text: str) -> int:
    """Return how many files at a time are wanted."""
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError('at least 1')
    return count


def share(text: str) -> Any:
    """Return the `Share` that a text such as 2/5 names."""
    from facemesh_ros.cli.shares import Share

    try:
        return Share.parsed(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
