"""Settings: a config survives writing and reading, and errors in it are named in one line."""

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vae_jax.config.fields import differences
from vae_jax.config.schema import Config, default_config, from_json, to_dict, to_json, validate
from vae_jax.core.errors import UserError


def test_the_defaults_are_valid():
    assert validate(default_config()) == Config()


@given(
    st.floats(0, 1e6, allow_subnormal=False, width=32),
    st.lists(st.integers(1, 5000), max_size=4),
    st.integers(0, 2**32 - 1),
    st.lists(st.text(max_size=20), max_size=3),
)
def test_a_config_survives_its_json(beta_kl, hidden, seed, sweep):
    config = default_config()
    config.objective.beta_kl = beta_kl
    config.model.hidden = tuple(hidden)
    config.seed = seed
    config.sweep = tuple(sweep)
    frozen = validate(config)
    assert from_json(to_json(frozen)) == frozen


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("train.epochs", 0, "config.train.epochs: found 0; needs at least 1"),
        ("train.batch_size", -3, "config.train.batch_size: found -3; needs at least 1"),
        ("model.latent_dim", 0, "config.model.latent_dim: found 0"),
        ("model.hidden", (200, -1), "config.model.hidden[1]: found -1; needs at least 1"),
        ("model.hidden", (200, 1.5), "config.model.hidden[1]: found 1.5 (float); needs a whole number"),
        ("objective.beta_kl", float("nan"), "config.objective.beta_kl: found nan; needs a finite number"),
        ("objective.beta_kl", float("inf"), "config.objective.beta_kl: found inf; needs a finite number"),
        ("objective.beta_kl", -1.0, "config.objective.beta_kl: found -1.0; needs at least 0"),
        ("optimiser.learning_rate", 0.0, "config.optimiser.learning_rate: found 0.0; needs more than 0"),
        ("objective.reduction", "blgo", "did you mean 'blog'?"),
        ("seed", 2**32, "config.seed: found 4294967296; needs at most 4,294,967,295"),
        ("seed", -1, "config.seed: found -1"),
        (
            "objective.warmup_steps",
            2**31,
            "config.objective.warmup_steps: found 2147483648; needs at most 2,147,483,647",
        ),
        ("objective.warmup_delay", 3_000_000_000, "needs at most 2,147,483,647"),
        ("eval.every_epochs", 10**30, "needs at most 2,147,483,647"),
        ("optimiser.learning_rate", 1e-46, "found 1e-46, which is 0 in 32 bits; needs at least 1.2e-38"),
        ("optimiser.learning_rate", 1e39, "found 1e+39, which is infinite in 32 bits; needs at most 3.4e+38"),
        ("optimisers.adam.b1", 1.0, "config.optimisers.adam.b1: found 1.0; needs less than 1"),
        (
            "optimisers.adam.b2",
            1 - 1e-12,
            "config.optimisers.adam.b2: found 0.999999999999; needs less than 1, in 32 bits too",
        ),
        ("model.likelihood_sigma", 1e-12, "config.model.likelihood_sigma: found 1e-12; needs at least 1e-06"),
    ],
)
def test_an_invalid_value_is_named(field, value, said):
    config = default_config()
    section, _, name = field.rpartition(".")
    (config[section] if section else config)[name] = value
    with pytest.raises(UserError) as error:
        validate(config)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_whole_number_is_accepted_as_a_float_but_not_the_reverse():
    values = dataclasses.asdict(Config())
    values["objective"]["beta_kl"] = 2
    values["train"]["epochs"] = 2.0
    with pytest.raises(UserError, match=r"config\.train\.epochs: found 2\.0"):
        from_json(json.dumps(values))


def test_an_unknown_field_is_named_with_the_one_that_may_be_meant():
    config = default_config()
    with config.unlocked():
        config.train.epohcs = 3
    with pytest.raises(UserError, match=r"config.train.epohcs: no such field.*did you mean 'epochs'"):
        validate(config)


def test_a_missing_field_is_named():
    config = default_config()
    with config.unlocked():
        del config.train["epochs"]
    with pytest.raises(UserError, match=r"config.train.epochs: missing"):
        validate(config)


def test_an_older_file_gets_the_defaults_of_newer_fields():
    values = dataclasses.asdict(dataclasses.replace(Config(), seed=3))
    del values["data"]["colour"], values["data"]["contrast"], values["log"], values["sweep"]
    values["train"]["epochs"] = 7
    found = from_json(json.dumps(values))
    assert list(differences(Config(), found)) == ["seed: 0 -> 3", "train.epochs: 20 -> 7"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"data": {"color": true}}', "config.data.color: no such field"),
        ('{"data": 3}', "config.data: found 3; needs the fields name, raw_dir"),
        ('{"seed": {}}', "config.seed: found {}"),
        ("[]", "config: found []; needs the fields seed"),
        ("null", "config: found None; needs the fields seed"),
        ("{", "config.json: not JSON ("),
        ("", "config.json: not JSON ("),
    ],
)
def test_a_file_of_other_settings_is_named_in_one_line(text, said):
    with pytest.raises(UserError) as error:
        from_json(text)
    assert str(error.value).startswith(said)
    assert len(str(error.value).splitlines()) == 1


def fields_with(kind):
    return [
        (section.name, entry.name)
        for section in dataclasses.fields(Config)
        if dataclasses.is_dataclass(section.default)
        for entry in dataclasses.fields(section.default)
        if type(entry.default) is kind
    ]


@pytest.mark.parametrize(("section", "name"), fields_with(float))
@pytest.mark.parametrize("value", [1e-46, 1e-40, 1e39, 10**400], ids=["0", "denormal", "infinite", "no double"])
def test_no_number_is_lost_in_32_bits(section, name, value):
    values = dataclasses.asdict(Config())
    values[section][name] = value
    with pytest.raises(UserError, match=rf"^config\.{section}\.{name}: found "):
        validate(values)


@pytest.mark.parametrize(("section", "name"), fields_with(int))
@pytest.mark.parametrize("value", [2**32, 10**400], ids=["just", "by far"])
def test_no_whole_number_overflows(section, name, value):
    values = dataclasses.asdict(Config())
    values[section][name] = value
    with pytest.raises(UserError, match=rf"^config\.{section}\.{name}: found \d+; needs at most [\d,]+$"):
        validate(values)


def test_true_is_not_a_number():
    values = dataclasses.asdict(Config())
    values["seed"] = True
    with pytest.raises(UserError, match=r"config.seed: found True"):
        from_json(json.dumps(values))


def test_scaling_and_sampling_do_not_change_which_images_there_are():
    data = Config().data
    assert dataclasses.replace(data, levels=256, sampling="replacement").images == data.images
    assert dataclasses.replace(data, contrast="stretch").images != data.images


@pytest.mark.parametrize(
    ("field", "now"),
    [
        ("learning_rate", "optimiser.learning_rate"),
        ("adam_b1", "optimisers.adam.b1"),
        ("adam_b2", "optimisers.adam.b2"),
        ("adam_eps", "optimisers.adam.eps"),
    ],
)
def test_a_file_of_an_older_version_is_named_in_one_line(field, now):
    text = json.dumps({"seed": 0, "train": {"epochs": 3, field: 0.5}})
    with pytest.raises(UserError) as error:
        from_json(text)
    said = str(error.value)
    assert said.startswith(f"config.train.{field}: a field of an older version")
    assert f"it is {now} now" in said
    assert said.endswith("train again in another workdir")


def test_settings_of_parts_are_kept_checked_and_read_again():
    config = default_config()
    config.posteriors.iaf.blocks, config.optimisers.adam.b1 = 3, 0.5
    frozen = validate(config)
    assert list(differences(Config(), frozen)) == ["posteriors.iaf.blocks: 2 -> 3", "optimisers.adam.b1: 0.9 -> 0.5"]
    assert json.loads(to_json(frozen))["posteriors"]["iaf"]["blocks"] == 3
    assert from_json(to_json(frozen)) == frozen


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"posteriors": {"iaf": {"blocks": 0}}}, r"config\.posteriors\.iaf\.blocks: found 0; needs at least 1"),
        (
            {"posteriors": {"iaf": {"block": 3}}},
            r"config\.posteriors\.iaf\.block: no such field.*did you mean 'blocks'",
        ),
        ({"posteriors": {"afi": {"blocks": 3}}}, r"config\.posteriors\.afi: .*iaf"),
        ({"optimisers": {"adam": {"b1": 1.0}}}, r"config\.optimisers\.adam\.b1: found 1\.0; needs less than 1"),
        ({"posteriors": 3}, r"config\.posteriors: found 3; needs"),
        ({"posteriors": {"iaf": 3}}, r"config\.posteriors\.iaf: found 3; needs"),
    ],
)
def test_an_invalid_setting_of_a_part_is_named(values, said):
    with pytest.raises(UserError, match=f"^{said}"):
        validate({**to_dict(Config()), **values})


def test_an_invalid_setting_of_a_part_in_a_run_folder_is_named():
    with pytest.raises(UserError, match=r"^config\.posteriors\.iaf: found 3; needs the fields blocks"):
        from_json('{"posteriors": {"iaf": 3}}')
    with pytest.raises(UserError, match=r"^config\.posteriors: found 3; needs the parts"):
        from_json('{"posteriors": 3}')
