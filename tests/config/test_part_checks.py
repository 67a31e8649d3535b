"""What `vae_jax.register` accepts, and one line for what it refuses."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import pytest
import strangers
from flax import nnx
from small_runs import small_config, small_dataset

import vae_jax
from vae_jax.config.checks import limited
from vae_jax.config.schema import default_config
from vae_jax.core.errors import UserError
from vae_jax.core.registry import KINDS, UNCHOSEN, Origin, registry_of
from vae_jax.training.examples import train_data
from vae_jax.training.hyperparameters import hyperparameters_of
from vae_jax.training.sharding import Layout
from vae_jax.training.spec import spec_of
from vae_jax.training.steps import init_state, train_block


@pytest.fixture(autouse=True)
def forgotten():
    with strangers.none_left():
        yield


class Mine(nnx.Module):
    """A posterior that passes the checks."""

    @dataclass(frozen=True)
    class Settings:
        """Attributes: none that matter."""

        width: int = limited(8, low=1)
        names: tuple[int, ...] = (1, 2)

    def __init__(self, settings, build, key): ...

    def __call__(self, features, units): ...


class OneArgument(Mine):
    def __call__(self, features): ...


class NotCallable(nnx.Module):
    def __init__(self, settings, build, key): ...


class NoModule:
    def __init__(self, settings, build, key): ...


class OtherArguments(Mine):
    def __init__(self, settings): ...


def with_settings(settings):
    return type("Other", (Mine,), {"Settings": settings})


@dataclass
class Thawed:
    width: int = 3


@dataclass(frozen=True)
class NoDefault:
    width: int


@dataclass(frozen=True)
class ADict:
    width: object = None


@dataclass(frozen=True)
class OutOfLimits:
    width: int = limited(0, low=1)


@dataclass(frozen=True)
class NamedAsAMethod:
    items: int = 3


def test_a_part_can_be_chosen_and_has_its_settings_in_every_config():
    assert vae_jax.register("posterior", "mine")(Mine) is Mine
    assert registry_of("posterior")["mine"] is Mine
    assert default_config().posteriors.mine.to_dict() == {"width": 8, "names": (1, 2)}


def test_every_kind_has_a_registry_that_can_be_added_to():
    parts = {
        "source": lambda config: None,
        "contrast": lambda face: face,
        "transform": lambda x, noise: x,
        "activation": jax.nn.elu,
        "initialiser": (lambda key, shape, fan_in: None, lambda key, shape, fan_in: None),
        "schedule": lambda t, cycles: t,
        "rate": lambda t, end: t,
        "path": lambda start, end, steps: None,
    }
    for kind, part in parts.items():
        vae_jax.register(kind, "mine")(part)
        assert registry_of(kind)["mine"] is part
    assert {kind for kind, _ in strangers.NAMES} | set(parts) | {"figure"} == {*KINDS, *UNCHOSEN}


def test_a_figure_has_its_docstring_as_caption():
    def mine(member_arrays):
        """What I look at."""

    vae_jax.register("figure", "mine")(mine)
    assert registry_of("figure")["mine"] == ("What I look at.", mine)


def test_the_same_code_again_replaces_and_other_code_is_refused():
    vae_jax.register("activation", "mine")(jnp.tanh)
    vae_jax.register("activation", "mine")(jnp.sin)
    registry = registry_of("activation")
    assert registry["mine"] is jnp.sin
    assert registry.origin("mine").file == __file__
    registry.add("mine", jnp.cos, Origin("another name", __file__))  # the same file, imported in another way
    with pytest.raises(
        UserError, match=r"activation=mine is a part of .*test_part_checks.py already; use another name"
    ):
        registry.add("mine", jnp.cos, Origin("other", "/somewhere/other.py"))
    with pytest.raises(UserError, match=r"activation=relu is a part of vae_jax already"):
        vae_jax.register("activation", "relu")(jnp.sin)
    assert registry["mine"] is jnp.cos


@pytest.mark.parametrize(
    ("kind", "name", "part", "said"),
    [
        ("posteror", "x", Mine, "found the kind 'posteror'; known are source"),
        ("posterior", "my-part", Mine, "found the name 'my-part'; needs letters, digits and underscores"),
        ("posterior", "None", Mine, "found the name 'None'"),
        ("posterior", "items", Mine, "found the name 'items', which configs have a method of"),
        ("posterior", "x", OneArgument, "__call__(self, features); is called with (self, features, units)"),
        ("posterior", "x", NotCallable, "NotCallable has no __call__; needs __call__(self, features, units)"),
        ("posterior", "x", NoModule, "NoModule is not a flax.nnx.Module"),
        ("posterior", "x", OtherArguments, "__init__(self, settings); is called with (self, settings, build, key)"),
        ("posterior", "x", 3, "found 3; needs a class"),
        ("posterior", "x", lambda x: x, "(x); is called with (settings, build, key)"),
        ("posterior", "x", with_settings(Thawed), "Thawed is not frozen; needs @dataclass(frozen=True)"),
        ("posterior", "x", with_settings(NoDefault), "NoDefault.width has no default; needs a whole number"),
        ("posterior", "x", with_settings(ADict), "ADict.width has the default None"),
        ("posterior", "x", with_settings(OutOfLimits), "OutOfLimits.width: found 0; needs at least 1"),
        ("posterior", "x", with_settings(NamedAsAMethod), "found the name 'items'"),
        ("posterior", "x", with_settings(Mine), "Settings is Mine; needs a frozen dataclass"),
        ("likelihood", "x", Mine, "Mine has no outputs; its class needs outputs, constant, support"),
        ("model", "x", Mine, "Mine has no units"),
        ("objective", "x", Mine, "is called with (self, settings, build)"),
        ("optimiser", "x", Mine, "found Mine; needs a frozen dataclass of its settings"),
        ("optimiser", "x", OutOfLimits, "OutOfLimits has no transformation"),
        ("transform", "x", lambda x: x, "is called with (x, noise)"),
        ("activation", "x", 3, "found 3; needs a function of (x)"),
        ("initialiser", "x", jnp.tanh, "needs a pair of functions"),
    ],
)
def test_an_invalid_part_is_refused_in_one_line(kind, name, part, said):
    with pytest.raises(UserError) as error:
        vae_jax.register(kind, name)(part)
    assert said in str(error.value)
    assert str(error.value).startswith("register: ")
    assert "\n" not in str(error.value)
    assert not any(registry_of(each).from_outside() for each in KINDS)


@pytest.mark.slow
def test_registering_a_part_again_compiles_its_program_again():
    """A notebook's cell that is run again must not train its earlier code."""
    dataset, config = small_dataset(), small_config(data={"binarise": "mine"})
    found = []
    for level in (0.25, 0.75):
        vae_jax.register("transform", "mine")(lambda x, noise, level=level: jnp.full_like(x, level))
        spec = spec_of([config], dataset)
        numbers = hyperparameters_of([config], 5)
        state = init_state(spec, Layout(), numbers)
        found.append(train_block(spec, Layout(), 1, train_data(dataset), numbers, state)[1])
    assert found[0]["loss"] != found[1]["loss"]


def test_every_program_has_the_schedules_that_are_registered_now():
    config = small_config()
    before = spec_of([config], small_dataset())
    vae_jax.register("schedule", "mine")(lambda t, cycles: t)
    assert spec_of([config], small_dataset()) != before
