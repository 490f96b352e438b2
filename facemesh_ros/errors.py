"""The project's own errors: bad input or a bad installation, never a bug."""

from __future__ import annotations

from collections.abc import Hashable

# Of a text that a stranger wrote, in an error's; a name in ROS is shorter.
MAX_QUOTED = 80
# Of a library's error in one of ours.
MAX_LINE = 500


class FacemeshError(Exception):
    """Base of all errors whose text is meant for the user and names the way out."""


class ModelError(FacemeshError):
    """Base of all errors about model files."""


class MissingModelError(ModelError):
    """A model is not in the store yet, or only in an outdated conversion."""


class OutdatedModelError(MissingModelError):
    """A model is in the store as another version of this package converted it."""


class DamagedModelError(ModelError):
    """A file of the store is not what the manifest says."""


class SourceError(ModelError):
    """A source of model files cannot be reached, read or trusted."""


class ConversionError(ModelError):
    """A TFLite file cannot be converted to ONNX."""


class LoadingCancelledError(FacemeshError):
    """The loading of models was broken off, as the process is to end."""


def quoted(text: str) -> str:
    """Return what a message or file says, quoted for an error's text: no longer than fits a line.

    Example:
        >>> quoted('rgb9'), len(quoted('x' * 10**6))
        ("'rgb9'", 101)
    """
    if len(text) <= MAX_QUOTED:
        return repr(text)
    return f'{text[:MAX_QUOTED]!r}… ({len(text)} long)'


def kind_of(error: BaseException) -> Hashable:
    """Return the same for errors that are of one kind: raised at one place in the code.

    Their texts differ by what was wrong with each input. Of an error of ours that explains another
    one of ours the first counts.
    """
    while isinstance(error.__cause__, FacemeshError):
        error = error.__cause__
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    raised_at = (place.tb_frame.f_code.co_filename, place.tb_lineno) if place else ()
    return type(error), raised_at


def in_one_line(error: BaseException) -> str:
    """Return the text of an error of whatever library: one line, printable, not too long.

    Parsers quote the bytes that they stumbled over.
    """
    line = ' '.join(str(error).split()) or type(error).__name__
    printable = ''.join(letter if letter.isprintable() else '\ufffd' for letter in line)
    return printable if len(printable) <= MAX_LINE else f'{printable[:MAX_LINE]}…'
