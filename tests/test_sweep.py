"""The language of sweeps."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vae_jax.config import Config
from vae_jax.errors import UserError
from vae_jax.sweep import expand, swept_fields


def sweep(*lines):
    return expand(dataclasses.replace(Config(), sweep=lines))


def test_no_sweep_is_a_sweep_of_one():
    assert sweep() == [Config()]


def test_values_are_literals_and_ranges():
    assert [c.objective.beta_kl for c in sweep("beta_kl=0,1e-4,1")] == [0, 1e-4, 1]
    assert [c.seed for c in sweep("seed=range(3)")] == [0, 1, 2]
    assert [c.seed for c in sweep("seed=range(2,4)")] == [2, 3]


def test_lines_multiply_and_the_last_runs_fastest():
    members = sweep("objective.beta_kl=1,2", "seed=0,1")
    assert [(c.objective.beta_kl, c.seed) for c in members] == [(1, 0), (1, 1), (2, 0), (2, 1)]


def test_a_member_has_the_settings_of_a_run_alone():
    alone = dataclasses.replace(Config(), seed=5)
    assert sweep("seed=5") == [alone]


def test_full_names_are_said_for_short_ones():
    assert swept_fields(dataclasses.replace(Config(), sweep=("beta_kl=1", "seed=0"))) == [
        "objective.beta_kl",
        "seed",
    ]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("seed",), "needs FIELD=VALUES"),
        (("seed=",), "needs FIELD=VALUES"),
        (("seed=range(0)",), "found no values"),
        (("seed=0,x y",), "found 'x y'"),
        (("seeed=0",), "did you mean 'seed'?"),
        (("name=mnist",), "say which: data.name or objective.name"),
        (("every_epochs=1",), "say which: eval.every_epochs or checkpoint.every_epochs"),
        (("seed=0", "seed=1"), "found seed twice"),
        (("seed=0,1.5",), "config.seed: found 1.5"),
        (("seed=range(1000000)",), "at most 10,000"),
        (("seed=range(200)", "warmup_steps=range(200)"), "found 40,000 members"),
        (("seed=__import__('os')",), "needs a number or a name"),
    ],
)
def test_what_can_not_be_swept_is_said_in_one_line(lines, said):
    with pytest.raises(UserError) as error:
        sweep(*lines)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def refusal(line):
    try:
        sweep(line)
    except UserError as error:
        return str(error)
    return ""


@given(st.text(max_size=40))
def test_any_text_is_parsed_or_refused_in_one_line(line):
    assert "\n" not in refusal(line)
