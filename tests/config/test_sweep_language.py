"""The language of sweeps."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vae_jax.config.fields import field_of
from vae_jax.config.schema import Config
from vae_jax.config.sweep_language import FUNCTIONS, expand, parse_values, swept_fields
from vae_jax.config.values import shown
from vae_jax.core.errors import UserError


def sweep(*lines):
    return expand(dataclasses.replace(Config(), sweep=lines))


def test_no_sweep_is_a_sweep_of_one():
    assert sweep() == [Config()]


def test_values_are_literals_and_ranges():
    assert [c.objective.beta_kl for c in sweep("beta_kl=0,1e-4,1")] == [0, 1e-4, 1]
    assert [c.seed for c in sweep("seed=range(3)")] == [0, 1, 2]
    assert [c.seed for c in sweep("seed=range(2,4)")] == [2, 3]


def test_values_may_be_spread_evenly_or_by_equal_factors():
    assert [c.objective.beta_kl for c in sweep("beta_kl=linspace(0,2,5)")] == [0, 0.5, 1, 1.5, 2]
    rates = [c.optimiser.learning_rate for c in sweep("optimiser.learning_rate=geom(1e-4,1e-2,3)")]
    assert rates == pytest.approx([1e-4, 1e-3, 1e-2], rel=1e-12)
    assert (rates[0], rates[-1]) == (1e-4, 1e-2)
    assert [c.model.latent_dim for c in sweep("latent_dim=geom(2,32,5)")] == [2, 4, 8, 16, 32]
    assert [c.objective.beta_kl for c in sweep("beta_kl=0,geom(1,4,3)")] == [0, 1, 2, 4]


def test_computed_values_are_the_decimals_one_would_type():
    assert [c.objective.beta_kl for c in sweep("beta_kl=geom(1,1000,4)")] == [1, 10, 100, 1000]
    assert [c.objective.beta_kl for c in sweep("beta_kl=linspace(0,1,11)")] == [k / 10 for k in range(11)]
    assert [c.objective.beta_kl for c in sweep("beta_kl=linspace(0,1,4)")] == [0, 0.333333333333, 0.666666666667, 1]
    assert [c.optimiser.learning_rate for c in sweep("learning_rate=geom(1e-30,1e30,3)")] == [1e-30, 1, 1e30]


@given(st.floats(1e-9, 1e9), st.floats(1e-9, 1e9), st.integers(2, 9))
def test_computed_values_can_be_typed_and_both_ends_are_exact(first, last, count):
    for function in FUNCTIONS["linspace"][1], FUNCTIONS["geom"][1]:
        values = function(first, last, count)
        assert (values[0], values[-1]) == (first, last)
        assert [float(shown(value)) for value in values[1:-1]] == values[1:-1]
        assert sorted(values[1:-1], reverse=first > last) == values[1:-1]


def test_tuples_are_alternatives():
    assert [c.model.hidden for c in sweep("hidden=(200,)|(1000,500)")] == [(200,), (1000, 500)]
    assert [c.model.hidden for c in sweep("hidden=(200,),(1000,500)")] == [(200,), (1000, 500)]


def test_zipped_fields_change_together():
    members = sweep("zip(beta_kl=1,4;warmup_steps=100,200)", "seed=0,1")
    found = [(c.objective.beta_kl, c.objective.warmup_steps, c.seed) for c in members]
    assert found == [(1, 100, 0), (1, 100, 1), (4, 200, 0), (4, 200, 1)]


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
        (("name=mnist",), "say which: data.name or model.name or objective.name or optimiser.name"),
        (("every_epochs=1",), "say which: eval.every_epochs or checkpoint.every_epochs"),
        (("seed=0", "seed=1"), "found seed twice"),
        (("seed=0,1.5",), "config.seed: found 1.5"),
        (("seed=range(1000000)",), "at most 10,000"),
        (("seed=range(200)", "warmup_steps=range(200)"), "found 40,000 members"),
        (("seed=range(1000000000000000000000)",), "at most 10,000"),
        (("seed=__import__('os')",), "found '__import__'"),
        (("beta_kl=linspce(0,1,3)",), "did you mean 'linspace'?"),
        (("beta_kl=linspace(0,1)",), "needs linspace(a,b,n)"),
        (("beta_kl=geom(0,1,3)",), "both of one sign and not 0"),
        (("beta_kl=geom(1,2,x)",), "needs numbers"),
        (("beta_kl=geom(-1,2,3)",), "both of one sign and not 0"),
        ((f"beta_kl=linspace(0,1{400 * '0'},3)",), "needs linspace(a,b,n)"),
        (("beta_kl=0.3,0.30000000000000004",), "found the same member twice (objective.beta_kl=0.3"),
        (("learning_rate=geom(1e-4,1e-2,1)",), "n of 2 or more"),
        (("latent_dim=linspace(2,5,3)",), "config.model.latent_dim: found 3.5"),
        (("hidden=(200,)|(0,)",), "config.model.hidden[0]: found 0"),
        (("hidden=(200,",), "closing brackets"),
        (("seed=0,1,0",), "found the same member twice (seed=0)"),
        (("zip(beta_kl=1,2;seed=0,1,2)",), "found 2 for objective.beta_kl, 3 for seed"),
        (("zip(seed=0,1;seed=2,3)",), "found seed twice"),
        (("zip(beta_kl=1,2;seed=0,1)", "seed=5"), "found seed twice"),
        (("zip()",), "needs FIELD=VALUES"),
    ],
)
def test_an_invalid_line_is_refused_in_one_line(lines, said):
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


def test_values_that_identify_a_member_are_read_by_any_name():
    assert parse_values("beta_kl=1e-4, model.latent_dim=50, hidden=(200,100)") == {
        "objective.beta_kl": 1e-4,
        "model.latent_dim": 50,
        "model.hidden": (200, 100),
    }
    for text, said in (
        ("beta_kl", "needs FIELD=VALUE"),
        ("betakl=1", "did you mean 'beta_kl'"),
        ("name=x", "say which"),
        ("beta_kl=(1", "closing brackets"),
        ("beta_kl=1e", "needs a number or a name"),
    ):
        with pytest.raises(UserError, match=f"^--where: found .*{said}"):
            parse_values(text)


def test_settings_of_parts_are_swept_by_full_names_and_by_unambiguous_short_names():
    for name in ("posteriors.iaf.blocks", "iaf.blocks", "blocks"):
        alone = dataclasses.replace(Config(), model=dataclasses.replace(Config().model, posterior="iaf"))
        members = expand(dataclasses.replace(alone, sweep=(f"{name}=1,3",)))
        assert [field_of(member, "posteriors.iaf.blocks") for member in members] == [1, 3]
    with pytest.raises(
        UserError, match=r"found field 'b1'; say which: optimisers\.adam\.b1 or .* or optimisers\.adamw\.b1"
    ):
        sweep("b1=0.5,0.9")
    assert [member.optimiser.learning_rate for member in sweep("learning_rate=0.1,0.2")] == [0.1, 0.2]


def test_members_whose_parts_have_no_such_setting_are_the_same():
    with pytest.raises(UserError, match=r"same member twice .*as its parts have no posteriors\.iaf\.blocks; .*zip\("):
        sweep("posterior=diagonal_gaussian,iaf", "blocks=1,3")
    members = sweep("zip(posterior=diagonal_gaussian,iaf,iaf;blocks=2,1,3)")
    assert [member.model.posterior for member in members] == ["diagonal_gaussian", "iaf", "iaf"]
