"""Messages of faces are written from arrays of their shapes only; test/messages has the rest."""

from __future__ import annotations

import numpy as np
import pytest

from facemesh_ros import native

FACES = 2
SHAPES = {
    **dict.fromkeys(('scores', 'look_scores', 'presences', 'rotations_rad'), ()),
    **dict.fromkeys(('gaze_sigmas_rad', 'errors_px', 'jitters_px'), ()),
    **dict.fromkeys(('centres', 'sizes_wh'), (2,)),
    **dict.fromkeys(('gazes_left', 'gazes_right'), (3,)),
    **dict.fromkeys(('landmarks', 'landmarks_m'), (468, 3)),
    'boxes': (4,),
    'blendshapes': (52,),
}
COLUMNS = {'states': np.uint8, 'ages': np.uint32, 'look_ages': np.uint32, 'sources': np.uint8}
ARRAYS = {
    **{name: np.ones((FACES, *shape), np.float32) for name, shape in SHAPES.items()},
    **{name: np.ones(FACES, kind) for name, kind in COLUMNS.items()},
    'poses': np.ones((FACES, 43)),
}


@pytest.mark.parametrize('name', [*ARRAYS])
def test_arrays_of_other_shapes_are_refused(name):
    begun = {'begun': bytes(4), 'names': ['f00001', 'f00002']}
    assert len(native.faces_cdr(**begun, **ARRAYS)) > FACES * 468 * 24
    for other in (ARRAYS[name][..., None], ARRAYS[name][:1]):
        with pytest.raises(ValueError, match='shape'):
            native.faces_cdr(**begun, **{**ARRAYS, name: other})
