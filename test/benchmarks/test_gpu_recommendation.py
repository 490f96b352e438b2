"""Which variant is recommended: fast is not enough, and noise is not fast."""

from __future__ import annotations

import pytest
from gpu_measurements.recommendation import (
    FEWEST_ROUNDS,
    MOST_PX,
    MOST_PX_95,
    Measured,
    Workload,
    fastest,
    recommendations,
)
from hypothesis import given
from hypothesis import strategies as st

ONE, MANY = 'v2 on 1 face', 'v2 on 64 faces'
RIGHT = (0.01, 0.05)


def measured(*round_ms: float, error_px=RIGHT, what=ONE, failed='') -> Measured:
    """One variant: a block of two calls in each round."""
    blocks = [[ms, ms] for ms in round_ms]
    return Measured(failed, {what: Workload(blocks, [1.0], [error_px] if error_px else [])})


def steady(ms: float, rounds: int = 6, **more) -> Measured:
    return measured(*[ms] * rounds, **more)


def base(**more: Measured) -> dict[str, Measured]:
    """The default at about 2 ms, once more, and without graphs at 4 ms."""
    default, again = measured(2, 2.1, 2, 2.1, 2, 2), measured(2.1, 2, 2, 2.1, 2, 2)
    known = {'fp32': default, 'fp32 again': again, 'fp32 without graphs': steady(4)}
    return {**known, **more}


def answers(results: dict[str, Measured], *works: str) -> dict[str, str]:
    """Return the sentences by their question."""
    return dict(line.split(': ', 1) for line in recommendations(results, works or (ONE,)))


def test_what_is_faster_in_every_round_is_preferred():
    results = base(fp16=steady(1))
    assert answers(results)['Precision'].startswith('prefer fp16: fp16 by fp32 takes 0.50 (0.48 ')
    assert answers(results)['CUDA graphs'].startswith('prefer fp32: ')
    assert 'fp16 (precision fp16), 0.50' in answers(results)['Fastest that is right']


def test_what_is_slower_is_not_preferred():
    results = base(NHWC=steady(3))
    assert answers(results)['Layout'].startswith('prefer fp32: NHWC by fp32 takes 1.50')
    assert fastest(results, ONE)[1] is None


@pytest.mark.parametrize(
    'error_px', [(2 * MOST_PX_95, 0.3), (0.01, 2 * MOST_PX), (float('nan'), 0)]
)
def test_fast_and_wrong_is_never_preferred(error_px):
    results = base(fp16=steady(0.1, error_px=error_px))
    assert answers(results)['Precision'].startswith('not fp16: it is wrong: ')
    assert 'fp16' not in answers(results)['Fastest that is right']


def test_one_wrong_round_or_kind_of_work_is_enough():
    late = steady(0.1)
    late.works[ONE].errors_px.append((9.0, 9.0))
    elsewhere = steady(0.1)
    elsewhere.works[MANY] = Workload([[1.0]], [1.0], [(9.0, 9.0)])
    for wrong in (late, elsewhere):
        assert answers(base(fp16=wrong))['Precision'].startswith('not fp16: it is wrong')


def test_what_was_never_compared_is_not_preferred():
    results = base(fp16=steady(0.1, error_px=None))
    assert 'never compared' in answers(results)['Precision']
    assert fastest(results, ONE)[0].name == 'fp32'


def test_what_failed_says_why():
    results = base(NHWC=Measured('no cuDNN'), fp16=steady(0.1, failed='error 700'))
    assert answers(results)['Layout'] == 'not NHWC: it failed: no cuDNN.'
    assert answers(results)['Precision'] == 'not fp16: it failed: error 700.'
    assert fastest(results, ONE)[0].name == 'fp32'


def test_a_gain_within_the_difference_of_two_equal_processes_is_noise():
    results = base(fp16=steady(1.98))
    assert answers(results)['Precision'].startswith('no difference beyond noise')
    results['fp32 again'] = measured(1.2, 2, 2, 2, 2, 2)  # the machine was disturbed
    results['fp16'] = steady(1.5)
    assert answers(results)['Precision'].startswith('no difference beyond noise')


def test_one_round_that_says_otherwise_is_noise():
    results = base(fp16=measured(1, 1, 1, 1, 1, 3))
    assert answers(results)['Precision'].startswith('no difference beyond noise')


def test_few_rounds_say_nothing():
    results = base(fp16=steady(1, rounds=FEWEST_ROUNDS - 1))
    assert answers(results)['Precision'] == 'too few rounds to say.'
    assert fastest(results, ONE)[0].name == 'fp32'


def test_each_kind_of_work_has_an_answer_of_its_own():
    results = base(fp16=steady(3))
    for name, ms in (('fp32', 8), ('fp32 again', 8), ('fp16', 4)):
        results[name].works[MANY] = steady(ms, what=MANY).works[MANY]
    said = answers(results, ONE, MANY)
    assert f'prefer fp16 for {MANY}, and fp32 for {ONE}: ' in said['Precision']
    assert f'{ONE}: fp32, as nothing is faster' in said['Fastest that is right']
    assert f'{MANY}: fp16 (precision fp16), 0.50' in said['Fastest that is right']


def test_of_two_that_do_not_differ_the_simpler_is_taken():
    results = base(fp16=steady(1.0))
    results['fp16 + NHWC + fused bias'] = measured(0.99, 1.01, 0.98, 1, 0.99, 1)
    assert fastest(results, ONE)[0].name == 'fp16'


def test_tf32_is_never_recommended():
    assert fastest(base(TF32=steady(0.1)), ONE)[0].name == 'fp32'


def test_without_the_default_nothing_is_claimed():
    results = base(fp32=Measured('error 700'), fp16=steady(1))
    said = answers(results)
    assert said['Precision'] == 'no comparison, fp32 failed: error 700.'
    assert said['Fastest'].startswith('no comparison')
    assert fastest(results, ONE)[1] is None


@given(st.lists(st.floats(0.5, 20), min_size=6, max_size=6), st.floats(0.02, 2.0))
def test_whatever_is_recommended_was_faster_in_every_round(round_ms, error_px):
    results = base(fp16=measured(*round_ms, error_px=(error_px / 10, error_px)))
    best, against = fastest(results, ONE)
    if best.name == 'fp16':
        defaults = [block[0] for block in results['fp32'].works[ONE].wall_ms]
        assert all(ours < theirs for ours, theirs in zip(round_ms, defaults, strict=True))
        assert error_px <= MOST_PX
    else:
        assert against is None
