"""Metadata and outputs of a model file."""

from __future__ import annotations

import re

import numpy as np
import pytest

from facemesh_ros.catalog.model_entry import Variant
from facemesh_ros.catalog.models import CATALOG, entry_of
from facemesh_ros.inference.providers import ProviderChoice
from facemesh_ros.inference.session import ModelMismatchError, ModelSession
from facemesh_ros.models.files import sha256_of

CPU = ProviderChoice('cpu')


def without_metadata(onnx: bytes, key: str, require_package) -> bytes:
    model = require_package('onnx').load_from_string(onnx)
    kept = [entry for entry in model.metadata_props if entry.key != key]
    del model.metadata_props[:]
    model.metadata_props.extend(kept)
    return model.SerializeToString()


@pytest.mark.parametrize('name', CATALOG)
def test_attributes_are_those_of_the_file(network_of, model_store, name):
    network = network_of(name)
    assert network.name == name
    assert network.input_size == entry_of(name).input_size
    assert network.source_sha256 == sha256_of(model_store.original(entry_of(name)))
    assert network.provider == 'CPUExecutionProvider'
    assert network.precision == 'fp32'


@pytest.mark.parametrize('key', ['name', 'input_size', 'source_sha256', 'precision', 'variant'])
def test_a_file_without_its_metadata_is_refused(model_store, require_package, key):
    onnx = without_metadata(model_store.load('short_range', Variant.CPU), key, require_package)
    with pytest.raises(ModelMismatchError, match=f"'{key}'.*facemesh models fetch"):
        ModelSession(onnx, CPU)


def test_outputs_have_the_shape_that_is_expected(network_of):
    network = network_of('short_range')
    assert network.shape('regressors') == (896, 16)
    network.expect('regressors', (896, 16))
    complaint = re.escape("output 'regressors' must be (896, 18), file has (896, 16)")
    with pytest.raises(ModelMismatchError, match=complaint):
        network.expect('regressors', (896, 18))
    with pytest.raises(ModelMismatchError, match="'landmarks' is missing"):
        network.expect('landmarks', (478, 3))


@pytest.mark.parametrize('name', ['short_range', 'full_range', 'attention', 'mesh', 'v2'])
def test_the_plain_variant_computes_the_same(model_store, network_of, astronaut, name):
    fast = network_of(name)
    plain = ModelSession(model_store.load(name, Variant.PLAIN), CPU)
    side = fast.input_size
    corner = astronaut[20 : 20 + side, 130 : 130 + side].astype(np.float32)
    images = corner[None] / np.float32(255)
    outputs = ['regressors'] if name.endswith('_range') else ['landmarks']
    (expected,), (found,) = plain.run(images, outputs), fast.run(images, outputs)
    assert found == pytest.approx(expected, abs=1e-2)
