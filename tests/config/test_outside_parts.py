"""Parts from a file outside the package: imported by the commands, recorded in run folders, named if missing."""

import dataclasses
import json

import pytest
import strangers

import vae_jax
from vae_jax import morph
from vae_jax.cli.command_line import parse
from vae_jax.config.outside_parts import import_parts, imports_in
from vae_jax.config.schema import Config, default_config, from_kept, to_dict, validate
from vae_jax.core.errors import UserError
from vae_jax.core.registry import registry_of
from vae_jax.runs.folder import RunFolder

PARTS = '''"""A posterior of mine."""

from dataclasses import dataclass

import vae_jax
from vae_jax.config.checks import limited
from vae_jax.models.posteriors.diagonal_gaussian import DiagonalGaussianPosterior


@vae_jax.register("posterior", "mine")
class Mine(DiagonalGaussianPosterior):
    """As the package's."""

    @dataclass(frozen=True)
    class Settings:
        """The layer.

        Attributes:
            width: units of a layer.
        """

        width: int = limited(8, low=1)
'''


@pytest.fixture(autouse=True)
def forgotten():
    with strangers.none_left():
        yield


@pytest.fixture
def file(tmp_path, monkeypatch):
    """A file of parts in the working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_parts.py").write_text(PARTS)
    (tmp_path / "plain.py").write_text("from vae_jax.config.schema import default_config as get_config\n")
    return tmp_path / "my_parts.py"


def asked(*arguments):
    return parse(["vae_jax.main", "--config=plain.py", *arguments])


def test_parts_and_their_settings_are_known_to_the_config_and_the_sweep(file):
    config = asked(
        "--import=my_parts.py", "--config.model.posterior=mine", "--config.posteriors.mine.width=3", "--sweep=width=3,4"
    ).config
    assert config.model.posterior == "mine"
    assert to_dict(config)["posteriors"]["mine"] == {"width": 3}
    assert registry_of("posterior").origin("mine").file == str(file)


def test_without_the_import_they_are_not(file):
    with pytest.raises(UserError, match=r"config\.posteriors\.mine\.width: no such field"):
        asked("--config.posteriors.mine.width=3")


def test_several_can_be_imported_and_modules_too(file, monkeypatch):
    (file.parent / "others.py").write_text(PARTS.replace('"mine"', '"other"'))
    monkeypatch.syspath_prepend(file.parent)
    asked("--import", "my_parts.py", "--import=others")
    assert {"mine", "other"} <= set(registry_of("posterior"))
    assert imports_in(["--import", "a.py", "--import=b"]) == ["a.py", "b"]


def test_a_file_imported_twice_replaces_its_parts(file):
    import_parts(["my_parts.py", str(file)])
    (file.parent / "others.py").write_text(PARTS)
    with pytest.raises(UserError, match=r"is a part of .*my_parts.py already; use another name"):
        import_parts(["others.py"])


def test_a_file_can_import_its_neighbours(file):
    (file.parent / "layers_of_mine.py").write_text("WIDTH = 5\n")
    file.write_text(PARTS.replace("import vae_jax\n", "import vae_jax\nfrom layers_of_mine import WIDTH\n", 1))
    import_parts(["my_parts.py"])
    assert "mine" in registry_of("posterior")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\ny = z\n", "--import: bad.py, line 2: NameError: name 'z' is not defined"),
        ("x = (\n", "--import: bad.py, line 1: SyntaxError: '(' was never closed"),
        ("import nowhere_at_all\n", "--import: bad.py, line 1: ModuleNotFoundError: No module named 'nowhere_at_all'"),
        ("raise SystemExit\n", "--import: bad.py, line 1: SystemExit"),
        ("import vae_jax\nvae_jax.register('posteror', 'x')\n", "--import: bad.py, line 2: register: found the kind"),
        ("raise ValueError('a\\nb')\n", "--import: bad.py, line 1: ValueError: a b"),
    ],
)
def test_an_error_in_a_file_is_one_line(file, text, said):
    (file.parent / "bad.py").write_text(text)
    with pytest.raises(UserError) as error:
        asked("--import=bad.py")
    assert str(error.value).startswith(said)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("--import=missing.py", "found no file 'missing.py'"),
        ("--import=missing.parts", "found no module 'missing.parts'"),
        ("--import=", "found nothing"),
    ],
)
def test_a_missing_file_or_module_is_named(file, given, said):
    with pytest.raises(UserError, match=rf"--import: {said}; needs a Python file or a module"):
        asked(given)


def test_morph_imports_too(file, capsys):
    (file.parent / "bad.py").write_text("y = z\n")
    command = ["--import=bad.py", "--workdir=run", "--start=plain.py", "--out=a.gif"]
    assert morph.main(command) == 2
    assert "--import: bad.py, line 1: NameError" in capsys.readouterr().err


def run_of(folder, *, posterior="mine", sweep=()):
    config = default_config()
    config.model.posterior, config.sweep = posterior, sweep
    RunFolder(folder).create(validate(config))
    return RunFolder(folder)


@pytest.mark.parametrize(
    "chosen", [{"posterior": "mine"}, {"posterior": "iaf", "sweep": ("posterior=diagonal_gaussian,mine",)}]
)
def test_a_run_records_its_parts_from_outside_and_names_the_missing_import(file, chosen):
    import_parts(["my_parts.py"])
    run = run_of(file.parent / "run", **chosen)
    (by,) = json.loads(run.parts.read_text())["posterior"].values()
    assert by["file"] == str(file)
    before = run.read_config()
    registry_of("posterior").forget("mine")
    said = r"run: posterior 'mine' of my_parts\.py is not registered: import it first \(--import=my_parts\.py\)$"
    for load in (run.read_config, lambda: vae_jax.load_run("run"), lambda: vae_jax.load_sweep("run")):
        with pytest.raises(UserError, match=said):
            load()
    with pytest.raises(UserError, match=said):
        parse(["vae_jax.main", "--mode=evaluate", "--workdir=run", "--config.data.raw_dir=moved"])
    import_parts(["my_parts.py"])
    assert run.read_config() == before


def test_parts_of_a_notebook_are_named_as_such(file):
    run = run_of(file.parent / "run", posterior="iaf")
    run.parts.write_text(json.dumps({"posterior": {"mine": {"module": "__main__", "file": ""}}}))
    with pytest.raises(UserError, match="posterior 'mine' of a notebook is not registered: run its cell"):
        run.read_config()


def test_unused_parts_are_not_recorded(file):
    """A run that only uses the package's parts can be read without those registered when it was trained."""
    import_parts(["my_parts.py"])
    run = run_of(file.parent / "run", posterior="iaf")
    assert not run.parts.exists()
    registry_of("posterior").forget("mine")
    assert run.read_config() == dataclasses.replace(
        Config(), model=dataclasses.replace(Config().model, posterior="iaf")
    )


def test_settings_of_a_chosen_but_unknown_part_are_refused():
    values = to_dict(Config())
    values["posteriors"]["mine"] = {"width": 3}
    assert from_kept(values) == Config()
    values["model"]["posterior"] = "mine"
    with pytest.raises(UserError, match=r"config\.posteriors\.mine: no such part.*--import=FILE"):
        from_kept(values)
