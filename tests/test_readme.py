"""What the README promises: its commands are accepted, and its files exist."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import strangers
from drawn_photographs import draw_dogs, draw_people, draw_photograph
from small_runs import digits_command

import vae_jax
from vae_jax.cli.command_line import parse
from vae_jax.data.draw_photographs import main as draw_photographs
from vae_jax.data.prepare import main as prepare
from vae_jax.main import main
from vae_jax.morph import main as morph

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
COMMANDS = list(dict.fromkeys(re.findall(r"python (-m vae_jax\.main [^`|\n]*)", README)))
HELP = [command for command in COMMANDS if "--help" in command]
COMMANDS = [command for command in COMMANDS if command not in HELP]
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_the_first_commands_include_the_set_up():
    blocks = re.findall(r"```sh\n(python3 -m venv .*)\n```", README)
    assert [block.split("&&")[-1].strip() for block in blocks] == [
        ".venv/bin/python -m vae_jax.main --config=configs/dogpeople.py",
        ".venv/bin/pytest",
    ]
    assert all("pip install -e" in block for block in blocks)


@pytest.fixture(autouse=True)
def forgotten():
    with strangers.none_left():
        yield


def put_my_parts():
    """Write the posterior that the README shows."""
    (block,) = (block for block in PYTHON if 'register("posterior"' in block)
    Path("my_parts.py").write_text(block)


@pytest.mark.parametrize("command", HELP)
def test_every_part_that_it_asks_help_for_is_there(command, capsys):
    assert main(["vae_jax.main", *shlex.split(command)[2:]]) == 0
    assert "--config." in capsys.readouterr().out


def test_the_posterior_that_it_shows_trains_in_a_sweep(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    put_my_parts()
    chosen = [
        "--import=my_parts.py",
        "--config.model.posterior=floored",
        "--sweep=floor=0.01,1",
        "--sweep=latent_dim=2,3",
    ]
    assert main(digits_command(tmp_path / "run", *chosen)) == 0
    sigmas = [vae_jax.load_run(tmp_path / "run", k).encode_test().sigma for k in range(4)]
    assert [sigma.shape[1] for sigma in sigmas] == [2, 3, 2, 3]
    assert min(sigma.min() for sigma in sigmas[2:]) > 1 > sigmas[0].min() > 0.01


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_accepted(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("configs").symlink_to(ROOT / "configs")
    put_my_parts()
    parsed = parse(["vae_jax.main", *shlex.split(command)[2:]])
    assert parsed.config is not None or parsed.mode != "train"


@pytest.mark.slow
def test_all_commands_run_one_after_another(tmp_path, monkeypatch, put_noise_digits, put_binary_digits):
    """With small models, few steps, and noise instead of MNIST."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VAE_JAX_RAW", raising=False)
    Path("configs").symlink_to(ROOT / "configs")
    put_noise_digits(Path("data/raw/mnist"), 30, 12)
    put_binary_digits(Path("data/raw/binarized_mnist"))
    put_my_parts()
    for k in range(20):
        draw_photograph(Path(f"FOLDER/pictures/{k}.jpg"), k)
    small = ["model.hidden=(8,)", "train.epochs=1", "train.steps_per_epoch=2", "train.batch_size=10", "data.drawn=60"]
    for command in COMMANDS:
        fields = [f"--config.{field}" for field in small] if "--mode" not in command else []
        assert main(["vae_jax.main", *shlex.split(command)[2:], *fields]) == 0, command
    assert {path.name for path in Path("runs").iterdir() if (path / "report.html").is_file()} == {
        "digits", "mnist", "dogpeople", "binarized_mnist", "photos", "first", "floored",
        next(path.name for path in Path("runs").glob("digits_*")),
    }  # fmt: skip


def said_of(module):
    """The command lines of a module in the README."""
    found = re.findall(rf"^python -m vae_jax\.{module} (.*)$", README, re.MULTILINE)
    assert found
    return [shlex.split(line) for line in found]


@pytest.mark.slow
def test_friends_become_dogs_as_it_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VAE_JAX_RAW", raising=False)
    small = ["data.drawn=60", "data.image_size=16", "model.hidden=(8,)", "train.epochs=1", "train.steps_per_epoch=2"]
    fields = [f"--config.{field}" for field in (*small, "train.batch_size=10", "eval.figure_members=0")]
    assert main(["vae_jax.main", f"--config={ROOT}/configs/dogpeople.py", *fields]) == 0
    (drawing,) = said_of(r"data\.draw_photographs")
    assert draw_photographs(drawing) == 0
    Path("landmarks.csv").write_text(
        "file,left_eye_x,left_eye_y,right_eye_x,right_eye_y,nose_x,nose_y\n"
        + "".join(f"{name}.jpg,98,118,157,118,128,157\n" for name in ("friend", "dog"))
    )
    for name, path in zip(("friend", "dog"), sorted(Path("friends").rglob("*.png")), strict=False):
        Path(f"{name}.jpg").write_bytes(path.read_bytes())
    for line in said_of("morph"):
        assert morph(line) == 0
    assert Path("friend.gif").is_file()
    assert Path("friends_as_dogs/cover.png").is_file()


def test_photographs_are_prepared_as_it_says(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    draw_people(tmp_path / "data" / "raw", 4)
    draw_dogs(tmp_path / "data" / "raw", 4)
    monkeypatch.setattr("vae_jax.data.faces.published_faces.fetch_faces", lambda raw: None)
    (line,) = said_of(r"data\.prepare")
    assert prepare(line) == 0
    assert "kept 4 people (UTKFace) and 4 dogs (landmarks.csv)" in capsys.readouterr().out


@pytest.mark.slow
def test_its_python_trains_and_sweeps(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = vae_jax.get_config("digits")
    config.model.hidden, config.train.steps_per_epoch, config.train.epochs = (8,), 2, 1
    monkeypatch.setattr(vae_jax, "get_config", lambda name: config, raising=False)
    (block,) = (block for block in PYTHON if block.startswith("import vae_jax\n"))
    names: dict[str, Any] = {}
    exec(block, names)
    assert names["codes"].mu.shape == (len(names["run"].test), 2)
    assert names["faces"].shape == (12, 8, 8, 1)
    assert len(names["grid"].members) == 12


@pytest.mark.slow
def test_the_data_source_that_it_shows_is_one(tmp_path):
    (block,) = (block for block in PYTHON if "-> Dataset" in block)
    names: dict[str, Any] = {}
    exec(block, names)
    run = tmp_path / "run"
    assert main(digits_command(run, "--config.data.name=rectangles", "--config.data.image_size=12")) == 0
    trained = vae_jax.load_run(run)
    assert len(trained.test) == 15
    image, label = trained.test.images[0, ..., 0], trained.test.labels[0]
    height, width = (image[:, 0] > 0).sum(), (image[0] > 0).sum()
    assert image.sum() == 255 * height * width
    assert trained.class_names[label] == ("wide" if width > height else "tall")


def test_every_file_that_is_linked_is_there():
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if not link.startswith("http")]
    assert links
    assert [link for link in links if not (ROOT / link).is_file()] == []


def test_every_test_that_the_promises_name_is_there():
    promises = (ROOT / "docs" / "trust.md").read_text()
    named = set(re.findall(r"`((?:\w+/)*test_\w+)`", promises))
    assert len(named) > 20
    assert [name for name in named if not (ROOT / "tests" / f"{name}.py").is_file()] == []
    assert re.findall(r"\((\S+\.md)\)", promises) == []


def test_every_config_is_in_the_table():
    named = set(re.findall(r"`(\w+)`", " ".join(line for line in README.splitlines() if line.startswith("| `"))))
    assert {file.stem for file in (ROOT / "configs").glob("*.py")} <= named
