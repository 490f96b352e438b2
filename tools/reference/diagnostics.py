"""What `/diagnostics` lists; a test compares the keys with those of a running node."""

from __future__ import annotations

from reference.markdown import code, page, table, text

_INTRODUCTION = """\
One `diagnostic_msgs/DiagnosticStatus` for each camera, once a second, named `facemesh: faces`
(with the node's own name, and the camera's where there are several); its `hardware_id` is the
topic of the images."""
_LEVELS = (
    ('OK', 'images come in and results go out'),
    (
        'WARN',
        'something is missing or goes wrong now and then; `message` says what, and what to do',
    ),
    ('ERROR', 'no results go out'),
    ('STALE', 'said once, when the node is deactivated'),
)
# Those in angle brackets stand for several.
KEYS = {
    'rate (Hz)': 'images processed a second, since the last report',
    'images received': 'images that have arrived, since the process started, as all counts here',
    'images dropped': 'replaced by newer ones before their turn came',
    'images lost': 'sent but never arrived, where the middleware reports them',
    'images too old': 'skipped, older than `max_image_age`',
    'images failed': 'refused, or their processing failed; why is in `message` and in the log',
    'images processed': 'published on `~/landmarks`',
    'faces': 'in the last image',
    'execution provider': 'of ONNX Runtime, that runs the models',
    'precision': 'in which the models really calculate',
    'landmark model': 'its name',
    'detector': 'its name',
    'device': 'processor or GPU that the models run on',
    'NVIDIA driver': 'its version, or none',
    'warm-up': 'time of the first run of all models',
    'model <name>': 'of each model: where ONNX Runtime has placed its nodes',
    'provider warning': 'why it is not the execution provider that was asked for; only then',
    '<detector> runs per image': 'of each detector, since the last report',
    '<stage> (ms)': 'median time of each stage, and of topics while they are subscribed to',
    'stamp to published (ms)': "median time from the image's stamp to publishing",
}


def diagnostics_page() -> str:
    """Return the page of levels and keys."""
    levels = table(('level', 'when'), [(code(name), when) for name, when in _LEVELS])
    keys = table(('key', 'value'), [(text(key), text(value)) for key, value in KEYS.items()])
    return page(
        'Diagnostics',
        _INTRODUCTION,
        '## Levels\n\n' + levels,
        '## Values\n\n' + keys,
        'While TensorRT builds engines, before there are images, one status `facemesh: TensorRT '
        'engines` tells how far it is. What the messages say and what to do is in the table '
        '[When something is wrong](readme.md#when-something-is-wrong).\n',
    )
