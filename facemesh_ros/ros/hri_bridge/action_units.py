"""Blendshape scores as facial action units.

A blendshape is drawn after the movement of one or two action units, and each score is told under
the one it depicts. These are a network's guesses at a puppet's controls: nobody who codes faces
has compared them with FACS' intensities. Left out are cheekSquint, noseSneer, cheekPuff and
jawForward, which the model does not know: their scores stayed below .006 in 66 faces.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hri_msgs.msg import FacialActionUnits

from facemesh_ros.msg import FaceMesh, FaceMeshArray
from facemesh_ros.ros.hri_bridge.messages import confidence

UNIT_COUNT = 99
# Of an action unit, the blendshapes whose mean it is; left and right are the subject's.
# Source: Ekman and Friesen, Facial Action Coding System; Apple, ARFaceAnchor.BlendShapeLocation.
_BLENDSHAPES_OF = {
    FacialActionUnits.INNER_BROW_RAISER: ('browInnerUp',),
    FacialActionUnits.OUTER_BROW_RAISER: ('browOuterUpLeft', 'browOuterUpRight'),
    FacialActionUnits.BROW_LOWERER: ('browDownLeft', 'browDownRight'),
    FacialActionUnits.UPPER_LID_RAISER: ('eyeWideLeft', 'eyeWideRight'),
    FacialActionUnits.LID_TIGHTENER: ('eyeSquintLeft', 'eyeSquintRight'),
    FacialActionUnits.UPPER_LIP_RAISER: ('mouthUpperUpLeft', 'mouthUpperUpRight'),
    FacialActionUnits.LIP_CORNER_PULLER: ('mouthSmileLeft', 'mouthSmileRight'),
    FacialActionUnits.DIMPLER: ('mouthDimpleLeft', 'mouthDimpleRight'),
    FacialActionUnits.LIP_CORNER_DEPRESSOR: ('mouthFrownLeft', 'mouthFrownRight'),
    FacialActionUnits.LOWER_LIP_DEPRESSOR: ('mouthLowerDownLeft', 'mouthLowerDownRight'),
    FacialActionUnits.CHIN_RAISER: ('mouthShrugLower',),
    FacialActionUnits.LIP_PUCKER: ('mouthPucker',),
    FacialActionUnits.LIP_STRETCHER: ('mouthStretchLeft', 'mouthStretchRight'),
    FacialActionUnits.LIP_FUNNELER: ('mouthFunnel',),
    FacialActionUnits.LIP_PRESSOR: ('mouthPressLeft', 'mouthPressRight'),
    FacialActionUnits.JAW_DROP: ('jawOpen',),
    FacialActionUnits.LIP_SUCK: ('mouthRollLower', 'mouthRollUpper'),
    FacialActionUnits.EYES_CLOSED: ('eyeBlinkLeft', 'eyeBlinkRight'),
    FacialActionUnits.BLINK: ('eyeBlinkLeft', 'eyeBlinkRight'),
    FacialActionUnits.EYES_TURN_LEFT: ('eyeLookOutLeft', 'eyeLookInRight'),
    FacialActionUnits.EYES_TURN_RIGHT: ('eyeLookInLeft', 'eyeLookOutRight'),
    FacialActionUnits.EYES_UP: ('eyeLookUpLeft', 'eyeLookUpRight'),
    FacialActionUnits.EYES_DOWN: ('eyeLookDownLeft', 'eyeLookDownRight'),
}


def action_units_msg(
    face: FaceMesh, image: FaceMeshArray, blendshape_names: Sequence[str]
) -> FacialActionUnits | None:
    """Return the face's action units, with confidence 0 for those that are not known.

    Args:
        face: The face.
        image: The message that it is in.
        blendshape_names: Of `face.blendshapes`, by ~/info.

    Returns:
        None if the face has no blendshapes, or not those that the names are of.
    """
    if not face.blendshapes or len(face.blendshapes) != len(blendshape_names):
        return None
    scores = dict(zip(blendshape_names, face.blendshapes, strict=True))
    intensities, confidences = np.zeros((2, UNIT_COUNT), np.float32)
    for unit, names in _BLENDSHAPES_OF.items():
        if scores.keys() >= set(names):
            intensities[unit] = np.mean([scores[name] for name in names])
            confidences[unit] = confidence(face)
    return FacialActionUnits(header=image.header, intensity=intensities, confidence=confidences)
