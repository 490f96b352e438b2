"""Parts and network become one ONNX file: what the package `onnx` would make of them."""

from __future__ import annotations

import onnx
import onnxruntime as ort
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facemesh_ros.catalog.model_entry import Kind, Part, Variant
from facemesh_ros.catalog.models import CATALOG, V2
from facemesh_ros.errors import ConversionError
from facemesh_ros.models.convert.parts import part_of
from facemesh_ros.models.graph_merge import joined

IMAGE_MODELS = [entry for entry in CATALOG.values() if entry.parts]
SAMPLING = ['pixels', 'columns', 'rows', 'last', 'strides', 'origins']
MADE = {
    Kind.DETECTOR: {'regressors', 'classificators'},
    Kind.LANDMARKS: {'points', 'presence'},
}


@pytest.mark.parametrize('variant', list(Variant))
@pytest.mark.parametrize('entry', IMAGE_MODELS, ids=lambda entry: entry.name)
def test_one_graph_from_camera_bytes_to_what_is_wanted(
    entry, variant, model_store, require_models
) -> None:
    require_models(entry.name)
    network = onnx.load_from_string(model_store.load(entry.name, variant))
    whole = onnx.load_from_string(model_store.load_for_images(entry.name, variant))
    onnx.checker.check_model(whole, full_check=True)
    assert [item.name for item in whole.graph.input][:6] == SAMPLING
    assert {'image', 'landmarks'}.isdisjoint(item.name for item in whole.graph.input)
    assert {item.name for item in whole.graph.output} >= MADE[entry.kind]
    assert whole.metadata_props == network.metadata_props
    # Every weight is there, and bit by bit what it was.
    weights = {item.name: item.SerializeToString() for item in whole.graph.initializer}
    assert {n.name: n.SerializeToString() for n in network.graph.initializer}.items() <= (
        weights.items()
    )
    before = len(onnx.load_from_string(model_store.load(entry.name, Part.CROPS)).graph.node)
    after = before + len(network.graph.node)
    assert whole.graph.node[before:after] == network.graph.node[:]


def test_a_model_without_parts_is_itself(model_store, require_models) -> None:
    require_models('blendshapes')
    whole = model_store.load_for_images('blendshapes', Variant.PLAIN)
    plain = model_store.load('blendshapes', Variant.PLAIN)
    assert onnx.load_from_string(whole) == onnx.load_from_string(plain)


def test_parts_weigh_nothing(model_store) -> None:
    for entry in IMAGE_MODELS:
        for part in entry.parts:
            assert len(part_of(entry, part)) < 10_000


def test_parts_in_the_wrong_order_do_not_run(model_store, require_models) -> None:
    require_models('v2')
    wrong = joined([model_store.load('v2', Variant.PLAIN), part_of(V2, Part.POINTS)], main=0)
    names = [item.name for item in ort.InferenceSession(wrong, None).get_inputs()]
    assert names == ['image', 'maps', 'offsets']


@given(cut=st.integers(0, 300))
def test_a_file_that_ends_too_early_is_named(cut) -> None:
    part = part_of(V2, Part.POINTS)  # of which all but the last few bytes are the graph
    for broken in (part[:cut], b'\xff' * (cut + 1), b'PK\x03\x04' * cut):
        with pytest.raises(ConversionError, match='not an ONNX file'):
            joined([broken], main=0)
