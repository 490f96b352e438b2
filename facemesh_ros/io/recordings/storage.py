"""Files of messages: what all kinds of them offer."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import NamedTuple, Protocol

from facemesh_ros.io.errors import MediaError, UnreadableError

INSTALL = 'pip install mcap rosbags'


@dataclass(frozen=True, slots=True)
class RecordedTopic:
    """A topic of a file.

    Attributes:
        name: With its leading slash.
        type_name: Of its messages, such as sensor_msgs/msg/Image.
        encoding: Of the messages; cdr is ROS 2's.
        count: How many messages it has, as far as that is known; else 0.
        definition_encoding, definition: Of the type, as in an MCAP schema; empty if not recorded.
        metadata: More that was recorded of it, such as its quality of service.
    """

    name: str
    type_name: str
    encoding: str
    count: int
    definition_encoding: str = ''
    definition: bytes = b''
    metadata: Mapping[str, str] = field(default_factory=dict)


class RecordedMessage(NamedTuple):
    """A serialised message.

    Attributes:
        topic: Its name.
        log_ns: When it was recorded.
        publish_ns: When it was published, as far as that is known.
        cdr: Its bytes.
    """

    topic: str
    log_ns: int
    publish_ns: int
    cdr: bytes


class Storage(Protocol):
    """One file, opened."""

    @property
    def topics(self) -> Mapping[str, RecordedTopic]:
        """Its topics by name."""

    @property
    def span_ns(self) -> int:
        """Time between its first and its last message; 0 if it is not known."""

    def messages(self, names: Collection[str]) -> Iterator[RecordedMessage]:
        """Yield the messages of some topics in the order in which they were recorded.

        Raises:
            DamageError: Where the file ends too early, or is damaged: after the last message that
                can be read.
        """

    def close(self) -> None:
        """Close the file."""


class DamageError(UnreadableError):
    """What is wrong with a file, without its name."""


def required(module: str) -> ModuleType:
    """Import what reads recordings; raises MediaError with the way out if it is not installed."""
    from importlib import import_module

    try:
        return import_module(module)
    except ImportError as error:
        raise MediaError(
            f'recordings are read and written by Python packages that are not installed ({error}):'
            f' {INSTALL}'
        ) from error
