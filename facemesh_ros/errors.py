"""The project's own errors: bad input or a bad installation, never a bug."""

from __future__ import annotations


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


def in_one_line(error: BaseException) -> str:
    """Return the text of an error without line breaks."""
    return ' '.join(str(error).split())
