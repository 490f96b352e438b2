"""ONNX files joined end to end, without the package `onnx`, which a robot need not have.

So a network's weights are stored once, and its file stays one that anybody can open. Protocol
buffers make it short: two encoded messages, one behind the other, are their union.

Source: https://protobuf.dev/programming-guides/encoding/ ; onnx/onnx.proto, whose field numbers
these are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from facemesh_ros.errors import ConversionError

_MODEL_GRAPH = 7
_GRAPH_NAME, _GRAPH_INPUT, _GRAPH_OUTPUT = 2, 11, 12
_VALUE_NAME = 1
_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5

# Number of a field, its whole encoding, and its content if that has a length.
_Field = tuple[int, bytes, bytes]


def joined(parts: Sequence[bytes], main: int) -> bytes:
    """Join models in the order of their data, outputs to the inputs of the same name.

    Args:
        parts: ONNX files of one opset without names in common, but for what is to be joined.
        main: Which of them gives its name, its metadata and whatever is not its graph.

    Returns:
        An ONNX file. Its inputs are those that no part makes, its outputs those that no part
        takes.

    Raises:
        ConversionError: If a part is no ONNX file.
    """
    graphs = [list(_fields(_graph_of(part))) for part in parts]
    made = {name for graph in graphs for name in _names(graph, _GRAPH_OUTPUT)}
    taken = {name for graph in graphs for name in _names(graph, _GRAPH_INPUT)}
    hidden = {_GRAPH_INPUT: made, _GRAPH_OUTPUT: taken}
    content = b''.join(
        encoded
        for index, graph in enumerate(graphs)
        for number, encoded, value in graph
        if _is_kept(number, value, hidden, main=index == main)
    )
    around = b''.join(
        encoded for number, encoded, _ in _fields(parts[main]) if number != _MODEL_GRAPH
    )
    header = _varint(_MODEL_GRAPH << 3 | _LENGTH) + _varint(len(content))
    return around + header + content


def _is_kept(number: int, value: bytes, hidden: dict[int, set[bytes]], *, main: bool) -> bool:
    if number == _GRAPH_NAME:
        return main
    return number not in hidden or _value_name(value) not in hidden[number]


def _graph_of(model: bytes) -> bytes:
    graphs = [value for number, _, value in _fields(model) if number == _MODEL_GRAPH]
    if len(graphs) != 1:
        raise ConversionError(f'not an ONNX file: it has {len(graphs)} graphs')
    return graphs[0]


def _names(graph: Iterable[_Field], wanted: int) -> list[bytes]:
    return [_value_name(value) for number, _, value in graph if number == wanted]


def _value_name(value: bytes) -> bytes:
    return next(name for number, _, name in _fields(value) if number == _VALUE_NAME)


def _fields(message: bytes) -> Iterator[_Field]:
    """Read the fields of an encoded message."""
    at = 0
    try:
        while at < len(message):
            start = at
            key, at = _read_varint(message, at)
            value = b''
            if key & 7 == _LENGTH:
                length, at = _read_varint(message, at)
                value = message[at : at + length]
                if len(value) < length:
                    raise ConversionError('not an ONNX file: it ends too early')
                at += length
            elif key & 7 == _VARINT:
                _, at = _read_varint(message, at)
            else:
                at += {_FIXED64: 8, _FIXED32: 4}[key & 7]
            yield key >> 3, message[start:at], value
    except (IndexError, KeyError) as error:
        raise ConversionError('not an ONNX file') from error


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        number |= (message[at] & 0x7F) << shift
        at += 1
        if message[at - 1] < 0x80:
            return number, at
        shift += 7


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number >= 0x80:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*encoded, number])
