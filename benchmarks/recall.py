"""Faces found and false ones, by size and by kind of picture, beside MediaPipe.

Each system runs in a process of its own, MediaPipe in an environment of its own, all on one core;
they take turns with every picture. Pictures come from $FACEMESH_DATA, their true faces from
test/support/faces.tsv; without it only those bundled with scikit-image are used. All others are
made of them: real faces scaled and put on pictures without a face, covered, cut, darkened, turned.

    ./run bench recall --json FILE
    ./run bench recall --parts kinds,negatives
    ./run bench recall --before OLD.json --docs    # updates docs/recall.md
"""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / 'tools'))
sys.path.append(str(Path(__file__).resolve().parents[1] / 'test' / 'support'))

from common.command import (
    ANY_CORE,
    BEFORE,
    BUNDLE,
    DATA_VARIABLE,
    MeasurementError,
    data_folder,
    parts_option,
    pin_to_one_core,
    run_benchmark,
    scratch_folder,
)
from common.machine import ROOT, conditions, cores_in_use
from common.report import Report
from ground_truth import RULE
from recall_measurements.demo import measure_demo, measure_long_demo
from recall_measurements.kinds import (
    measure_kinds,
    measure_negatives,
    measure_profiles,
    measure_small,
)
from recall_measurements.session import Session
from recall_measurements.sizes import measure_refinement_of_rois, measure_sizes
from sample_pictures import load_pictures

PAGE = ROOT / 'docs' / 'recall.md'
SIZE_NOTE = 'Sizes are px from brows to chin; a face with its hair is about twice as high.'
LONG = 'demo_long'
PARTS: dict[str, Callable[[Session], None]] = {
    'kinds': measure_kinds,
    'small': measure_small,
    'negatives': measure_negatives,
    'profiles': measure_profiles,
    'demo': measure_demo,
    LONG: measure_long_demo,
    'sizes': measure_sizes,
    'refinement': measure_refinement_of_rois,
}


def measure(chosen: Namespace) -> Report:
    """Measure the chosen parts."""
    pin_to_one_core(chosen)
    folder, before = data_folder(), cores_in_use()
    with scratch_folder() as scratch, ExitStack() as stack:
        session = Session(
            load_pictures(folder), folder, chosen.quick, chosen.bundle, Path(scratch), stack
        )
        if not folder:
            session.left_out.append(
                f'all pictures but those of scikit-image: set ${DATA_VARIABLE}'
            )
        for name in chosen.parts:
            PARTS[name](session)
    if not session.tables:
        raise MeasurementError('\n'.join(['nothing can run here', *session.left_out]))
    about = conditions(
        before, **session.versions, **{'measured on core': sorted(os.sched_getaffinity(0))}
    )
    return Report(
        f'{RULE} {SIZE_NOTE}',
        about,
        session.left_out,
        session.tables,
        before=chosen.before,
    )


if __name__ == '__main__':
    sys.exit(
        run_benchmark(
            __doc__,
            measure,
            quick='fewer pictures, rough figures',
            section='recall',
            page=PAGE,
            options={**BUNDLE, **ANY_CORE, **BEFORE, **parts_option(PARTS, [LONG])},
        )
    )
