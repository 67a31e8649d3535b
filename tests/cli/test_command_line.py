"""Command lines: their meaning, and a one-line error for each invalid one."""

import dataclasses
from pathlib import Path

import pytest

from vae_jax.cli.command_line import USAGE, parse
from vae_jax.config.fields import field_of
from vae_jax.config.schema import Config
from vae_jax.core.errors import UserError
from vae_jax.runs.command import MODES
from vae_jax.runs.folder import RunFolder


@pytest.fixture
def mine(tmp_path):
    """A config file with a sweep."""
    file = tmp_path / "mine.py"
    file.write_text(
        "from vae_jax.config.schema import default_config\n\n\n"
        "def get_config():\n"
        "    config = default_config()\n"
        "    config.sweep = ('seed=0,1',)\n"
        "    config.train.epochs = 3\n"
        "    return config\n"
    )
    return f"--config={file}"


def asked(*arguments):
    return parse(["vae_jax.main", *arguments])


def test_a_config_file_alone_trains_into_a_folder_of_its_name(mine):
    command = asked(mine)
    assert (command.mode, command.workdir) == ("train", Path("runs/mine"))
    assert command.config.train.epochs == 3
    assert command.config.sweep == ("seed=0,1",)


def test_fields_are_overridden_with_values_of_their_kind(mine):
    config = asked(
        mine,
        "--config.train.epochs=7",
        "--config.objective.beta_kl=2",
        "--config.model.hidden=(30,20)",
        "--config.data.name=digits",
        "--config.log.tensorboard=False",
    ).config
    assert (config.train.epochs, config.objective.beta_kl, config.model.hidden) == (7, 2.0, (30, 20))
    assert (config.data.name, config.log.tensorboard) == ("digits", False)


def test_an_override_may_be_given_as_two_words(mine):
    assert asked(mine, "--config.train.epochs", "7").config.train.epochs == 7


def test_sweeps_on_the_command_line_replace_those_of_the_file(mine):
    lines = asked(mine, "--sweep=beta_kl=1,2", "--sweep=seed=range(3)").config.sweep
    assert lines == ("beta_kl=1,2", "seed=range(3)")


def test_the_run_folder_can_be_named_and_may_lie_at_home(mine, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert asked(mine, "--workdir=elsewhere").workdir == Path("elsewhere")
    assert asked(mine, "--workdir=~/runs/one").workdir == tmp_path / "runs" / "one"
    assert asked("--mode=evaluate", "--workdir=~/runs/one").workdir == tmp_path / "runs" / "one"


@pytest.mark.parametrize(("given", "kind"), [("{'seed': 1}", "dict"), ("None", "NoneType"), ("3", "int")])
def test_a_config_file_that_returns_something_else_is_an_error(tmp_path, given, kind):
    file = tmp_path / "other.py"
    file.write_text(f"def get_config():\n    return {given}\n")
    with pytest.raises(UserError, match=rf"get_config\(\) in .*other\.py gave {kind}; needs a ConfigDict"):
        asked(f"--config={file}", "--sweep=seed=0")


@pytest.mark.parametrize("mode", ["evaluate", "figures"])
def test_a_trained_run_is_evaluated_or_drawn_by_its_folder_alone(mode):
    command = asked(f"--mode={mode}", "--workdir=runs/one")
    assert (command.config, command.workdir, command.mode) == (None, Path("runs/one"), mode)


@pytest.mark.parametrize("mode", ["evaluate", "figures", "export"])
def test_a_trained_run_accepts_the_new_folder_of_its_data(tmp_path, mode):
    """Without a config file, fields override the run's own settings."""
    kept = dataclasses.replace(Config(), seed=7, sweep=("beta_kl=1,2",))
    RunFolder(tmp_path).create(kept)
    command = asked(f"--mode={mode}", "--config.data.raw_dir", "moved", f"--workdir={tmp_path}")
    assert command.config == dataclasses.replace(kept, data=dataclasses.replace(kept.data, raw_dir="moved"))
    with pytest.raises(UserError, match="no run here"):
        asked(f"--mode={mode}", "--config.data.raw_dir=moved", f"--workdir={tmp_path / 'nothing'}")
    with pytest.raises(UserError, match=r"--config: missing.*config\.data\.raw_dir"):
        asked("--config.data.raw_dir=moved", f"--workdir={tmp_path}")


def test_command_lines_are_independent(mine):
    asked(mine, "--config.train.epochs=7", "--sweep=seed=5", "--workdir=elsewhere")
    again = asked(mine)
    assert (again.config.train.epochs, again.config.sweep, again.workdir) == (3, ("seed=0,1",), Path("runs/mine"))


def test_the_usage_names_every_mode_and_flag():
    for word in (*MODES, "--config=", "--config.FIELD=", "--sweep=", "--workdir=", "--mode="):
        assert word in USAGE


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--mode=train"], "--config: missing"),
        (["--mode=evaluate"], "--config: missing"),
        (["--mode=paint"], "--mode: found 'paint'; needs one of train, evaluate, figures"),
        (["--config.train=3"], "--config"),
        (["--config.train.epohcs=3"], "did you mean 'train.epochs'?"),
        (["--config.epochs=3"], "did you mean 'train.epochs'?"),
        (["--config.train.epochs=many"], "train.epochs"),
        (["--config.model.hidden=(0,)"], "config.model.hidden[0]: found 0"),
        (["extra"], "found 'extra'; every argument is a flag"),
        (["--swep=seed=0"], "swep"),
    ],
)
def test_invalid_command_lines_are_refused_in_one_line(mine, arguments, message):
    arguments = arguments if "--mode" in arguments[0] else [mine, *arguments]
    with pytest.raises(UserError) as error:
        asked(*arguments)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_config_file_must_start_from_the_defaults(tmp_path):
    (tmp_path / "mine.py").write_text(
        "from ml_collections import ConfigDict\n\n\ndef get_config():\n    return ConfigDict({'seed': 0})\n"
    )
    with pytest.raises(
        UserError, match=r"config\.data: missing; start the config from vae_jax\.config\.default_config"
    ):
        asked(f"--config={tmp_path / 'mine.py'}")


def test_the_defaults_pass_through_unchanged(tmp_path):
    (tmp_path / "plain.py").write_text("from vae_jax.config.schema import default_config as get_config\n")
    assert asked(f"--config={tmp_path / 'plain.py'}").config == Config()


def test_settings_of_parts_are_set_like_any_field(mine):
    command = asked(mine, "--config.posteriors.iaf.blocks=3", "--config.encoders.conv.widths=(4,8)")
    assert field_of(command.config, "posteriors.iaf.blocks") == 3
    assert field_of(command.config, "encoders.conv.widths") == (4, 8)


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("--config.posteriors.iaf.block=3", r"--config\.posteriors\.iaf\.block: no such field; did you mean"),
        ("--config.posteriors.iaf.blocks=0", r"config\.posteriors\.iaf\.blocks: found 0; needs at least 1"),
        ("--config.blocks=3", r"--config\.blocks: no such field; did you mean 'posteriors\.iaf\.blocks'"),
        ("--config.train.learning_rate=1", r"--config\.train\.learning_rate: no such field"),
    ],
)
def test_an_unknown_setting_of_a_part_is_one_line(mine, argument, message):
    with pytest.raises(UserError, match=f"^{message}"):
        asked(mine, argument)


def test_without_a_config_file_the_settings_of_parts_are_the_runs_own(tmp_path, mine):
    config = asked(mine, "--config.posteriors.iaf.blocks=3").config
    RunFolder(tmp_path / "run").create(config)
    command = asked(f"--workdir={tmp_path / 'run'}", "--mode=figures", "--config.eval.figure_members=2")
    assert field_of(command.config, "posteriors.iaf.blocks") == 3
    assert command.config.eval.figure_members == 2
