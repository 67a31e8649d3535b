"""`python -m vae_jax.data.prepare`."""

import pytest
from drawn_photographs import draw_dogs, draw_people
from small_runs import small_dataset

from vae_jax.data.faces import published_faces
from vae_jax.data.faces.photographs.outcomes import TABLE
from vae_jax.data.faces.photographs.preparation import SHEET
from vae_jax.data.prepare import main
from vae_jax.data.sources import drawn_faces


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    folder = tmp_path_factory.mktemp("command") / "raw"
    draw_people(folder, 5)
    draw_dogs(folder, 4)
    (folder / "utkface" / "UTKFace" / "empty.jpg").touch()
    return folder


def test_the_report_has_counts_and_the_second_run_has_nothing_to_do(raw, capsys):
    command = ["dogpeople", f"--raw_dir={raw}", f"--prepared_dir={raw}-kept", "--image_size=12", "--test_fraction=0.3"]
    assert main(command) == 0
    first = capsys.readouterr()
    assert first.err == ""
    done, kept, split, guessed, table, sheet = first.out.splitlines()
    assert done == "prepared: dogpeople: 7 training and 2 test images"
    assert kept == "kept 5 people (UTKFace) and 4 dogs (landmarks.csv); skipped 1: 1 empty file (empty.jpg)"
    assert guessed.startswith(
        "layouts: landmarks.csv: dogs/images; UTKFace: utkface/UTKFace; --config.data.layout=FOLDER="
    )
    assert split == "held out in equal numbers: 1 people (20.0%) and 1 dogs (25.0%)"
    (folder,) = [path for path in (raw.parent / "raw-kept").iterdir() if path.is_dir()]
    assert table == f"every file: {folder / TABLE}"
    assert sheet == f"before and after: {folder / SHEET}"
    assert (folder / SHEET).is_file()
    assert main(command) == 0
    assert capsys.readouterr().out == first.out.replace("prepared:", "prepared already, nothing to do:", 1)


def test_a_folder_of_pictures_is_prepared_in_colour(raw, capsys):
    assert main(["photos", f"--raw_dir={raw}", f"--prepared_dir={raw}-any", "--image_size=8", "--colour"]) == 0
    assert (
        "\nkept 4 dogs (pictures) and 5 utkface (pictures); skipped 2: 1 not a picture (landmarks.csv); 1 empty"
        in capsys.readouterr().out
    )


def test_without_photographs_it_counts_the_drawn_faces(capsys, monkeypatch):
    drawn = small_dataset()
    monkeypatch.setattr(drawn_faces, "load", lambda _: drawn)
    assert main(["dogpeople"]) == 0
    message = f"dogpeople: {len(drawn.train)} training and {len(drawn.test)} test images\n"
    assert capsys.readouterr().out == message


def test_another_data_set_is_read_and_counted(capsys, monkeypatch):
    dataset = small_dataset()
    monkeypatch.setattr("vae_jax.data.prepare.load", lambda config: dataset if config.name == "digits" else None)
    assert main(["digits"]) == 0
    assert capsys.readouterr().out.startswith(f"{dataset.name}: {len(dataset.train)} training and ")


def test_download_gets_the_published_faces_first(raw, monkeypatch, capsys):
    asked = []
    monkeypatch.setattr(published_faces, "fetch_faces", asked.append)
    settings = [f"--raw_dir={raw}", f"--prepared_dir={raw}-kept", "--image_size=8"]
    assert main(["dogpeople", "--download", *settings]) == 0
    assert asked == [raw]
    capsys.readouterr()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the following arguments are required: name; see --help"),
        (["dogpeopel"], "invalid choice: 'dogpeopel'"),
        (["dogpeople", "--image_size=big"], "--image_size: invalid int value: 'big'; see --help"),
        (["dogpeople", "--image_size=2"], "config.data.image_size: found 2; needs at least 8"),
        (["dogpeople", "--image_size=99999"], "config.data.image_size: found 99999; needs at most 1,024"),
        (["dogpeople", "--test_fraction=nan"], "config.data.test_fraction: found nan; needs a finite number"),
        (["dogpeople", "--test_fraction=1"], "config.data.test_fraction: found 1.0; needs at most 0.9"),
        (["dogpeople", "--test_fraction=0"], "config.data.test_fraction: found 0.0; needs more than 0"),
        (["dogpeople", "--contrast=strech"], "did you mean 'stretch'?"),
        (["dogpeople", "--size=8"], "unrecognized arguments: --size=8; see --help"),
        (["dogpeople", "--image=8"], "unrecognized arguments: --image=8; see --help"),
        (["dogpeople", "--raw_dir=nowhere"], "nowhere: no such folder; needs people"),
        (["photos", "--raw_dir=nowhere"], "config.data.raw_dir: found no folder 'nowhere'"),
        (["photos"], "config.data.raw_dir: missing"),
        (["digits", "--download"], "--download: found with digits; goes with dogpeople only"),
        (["photos", "a\nb"], "unrecognized arguments: a b; see --help"),
    ],
)
def test_errors_are_one_line_and_nothing_is_written(arguments, message, capsys, tmp_path):
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("vae_jax: error: ")
    assert message in err
    assert len(err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_table_is_an_error_though_the_images_exist(raw, tmp_path, capsys):
    command = ["dogpeople", f"--raw_dir={raw}", f"--prepared_dir={tmp_path}/kept", "--image_size=8"]
    assert main(command) == 0
    (folder,) = [path for path in (tmp_path / "kept").iterdir() if path.is_dir()]
    (folder / TABLE).unlink()
    capsys.readouterr()
    assert main(command) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"vae_jax: error: {folder}: can't be used (FileNotFoundError")
    assert len(err.splitlines()) == 1


def test_an_interrupt_is_reported(monkeypatch, capsys):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("vae_jax.data.prepare.prepare", interrupted)
    assert main(["digits"]) == 130
    assert capsys.readouterr().err == "vae_jax: interrupted; the same command begins again\n"
