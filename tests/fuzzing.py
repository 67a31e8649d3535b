"""Coverage-guided fuzzing of all that reads what others wrote; needs the extra `fuzz`.

    python tests/fuzzing.py idx -max_total_time=60

It starts from good files and changes their bytes. Any bytes must give a result, or one line of `UserError`
(`UnusablePictureError` or `ValueError` for one file of many).
"""

import dataclasses
import gzip
import io
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import atheris
import numpy as np
import scipy.io
from PIL import Image
from small_runs import small_dataset

with atheris.instrument_imports(include=["vae_jax"]):
    from vae_jax.api import load_sweep
    from vae_jax.cli.command_line import parse
    from vae_jax.config.schema import Config, to_json
    from vae_jax.config.sweep_language import expand
    from vae_jax.core.errors import NoResultError, UnusablePictureError, UserError
    from vae_jax.data.faces.photographs.columbia_dogs import eyes_and_nose
    from vae_jax.data.faces.photographs.landmark_table import marks_of, read_table
    from vae_jax.data.faces.photographs.oxford_pets import head_box
    from vae_jax.data.faces.photographs.utkface import facts_of
    from vae_jax.data.formats.amat import read_amat
    from vae_jax.data.formats.archives import unpack
    from vae_jax.data.formats.idx import read_idx
    from vae_jax.data.formats.picture_files import read_picture
    from vae_jax.data.kept_data import keep_data, read_kept
    from vae_jax.data.sources.freyfaces import _read_mat, _read_npy
    from vae_jax.runs.export import number_of_best
    from vae_jax.runs.finish import check_result
    from vae_jax.runs.folder import RunFolder
    from vae_jax.training.groups import read_members
    from vae_jax.training.metrics_log import read_metrics

Reader = Callable[[Path, bytes], object]


def _file(read: Callable[[Path], object], name: str = "file") -> Reader:
    def reader(folder: Path, content: bytes) -> object:
        path = folder / name
        path.write_bytes(content)
        return read(path)

    return reader


def _text(read: Callable[[str], object]) -> Reader:
    return lambda folder, content: read(content.decode(errors="replace"))


def _archive(name: str) -> Reader:
    def read(path: Path) -> None:
        out = Path(tempfile.mkdtemp(dir=path.parent)) / "out"
        unpack(path, out, most_bytes=1_000_000)

    return _file(read, name)


def _read_results(path: Path) -> None:
    load_sweep(path.parent)
    with suppress(NoResultError):
        check_result(RunFolder(path.parent))
    number_of_best("test.elbo", RunFolder(path.parent), "--best")


def _swept(text: str) -> object:
    return expand(dataclasses.replace(Config(), sweep=tuple(text.split("\n"))))


def _commanded(text: str) -> object:
    return parse(["vae_jax.main", "--config=configs/digits.py", *text.split("\n")])


READERS: dict[str, Reader] = {
    "idx": _file(lambda path: read_idx(path, 3)),
    "amat": _file(lambda path: read_amat(path, 2, 3)),
    "mat": _file(_read_mat),
    "npy": _file(_read_npy),
    "picture": _file(read_picture),
    "landmarks": _file(lambda path: [marks_of(row) for row in read_table(path)]),
    "parts": _text(eyes_and_nose),
    "box": _file(head_box),
    "name": _text(facts_of),
    "tar": _archive("archive.tar"),
    "tgz": _archive("archive.tar.gz"),
    "zip": _archive("archive.zip"),
    "sweep": _text(_swept),
    "overrides": _text(_commanded),
    "config": _file(lambda path: RunFolder(path.parent).read_config(), "config.json"),
    "summary": _file(_read_results, "summary.json"),
    "members": _file(lambda path: read_members(path.parent), "members.json"),
    "metrics": _file(read_metrics, "metrics.jsonl"),
    "data": _file(read_kept, "data.npz"),
}


def _written(write: Callable[[io.BytesIO], object]) -> bytes:
    file = io.BytesIO()
    write(file)
    return file.getvalue()


def _tar(mode: str) -> bytes:
    def write(file: io.BytesIO) -> None:
        with tarfile.open(fileobj=file, mode=mode) as archive:
            entry = tarfile.TarInfo("inner/a.txt")
            entry.size = 3
            archive.addfile(entry, io.BytesIO(b"abc"))

    return _written(write)


def _zip(file: io.BytesIO) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner/a.txt", "abc" * 20)


def _data() -> bytes:
    path = Path(tempfile.mkdtemp()) / "data.npz"
    keep_data(path, small_dataset())
    return path.read_bytes()


FILM, PICTURE = np.arange(1120, dtype=np.uint8), Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8))
IDX = b"\0\0\x08\x03" + b"".join(n.to_bytes(4, "big") for n in (2, 2, 2)) + bytes(8)
GOOD: dict[str, list[bytes]] = {
    "idx": [IDX, gzip.compress(IDX, mtime=0)],
    "amat": [b"0 1 0\n1 1 0\n", gzip.compress(b"0 1 0\n1 1 0\n", mtime=0)],
    "mat": [_written(partial(scipy.io.savemat, mdict={"ff": FILM.reshape(560, 2)}, do_compression=z)) for z in (0, 1)],
    "npy": [_written(lambda f: np.save(f, FILM.reshape(2, 28, 20)))],
    "picture": [_written(partial(PICTURE.save, format=kind)) for kind in ("png", "jpeg", "gif", "webp", "tiff", "bmp")],
    "landmarks": [b"file,left_eye_x,left_eye_y,right_eye_x,right_eye_y,nose_x,nose_y\na.jpg,1,2,3,4,5,6\n"],
    "parts": [b"\n".join([b"1.5 2"] * 8)],
    "box": [
        b"<annotation><object><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>3</xmax><ymax>4</ymax></bndbox></object></annotation>"
    ],
    "name": [b"25_0_1_20170116174525125.jpg.chip.jpg"],
    "tar": [_tar("w")],
    "tgz": [_tar("w:gz")],
    "zip": [_written(_zip)],
    "sweep": [b"beta_kl=linspace(0,1,3)\nzip(seed=1,2;warmup_steps=3,4)", b"hidden=(8,)|(9,9)\nseed=range(3)"],
    "overrides": [b"--config.model.hidden=(3,)\n--sweep=seed=1,2", b"--mode=export\n--member=2"],
    "config": [to_json(Config()).encode()],
    "summary": [
        b'{"data": {}, "seconds": {"compile": 1, "train": 2, "total": 3.5}, "versions": {}, "members": '
        b'[{"member": 0, "values": {}, "parameters": 9, "failed_in_step": null, "train": {}, "test": {"elbo": -1.5}}]}'
    ],
    "members": [b'[{"member": 0, "config": ' + to_json(Config()).encode() + b"}]"],
    "metrics": [b'{"step": 5, "epoch": 1.0, "member": 0, "split": "train", "loss": 1.5}\n'],
    "data": [_data()],
}


def main(argv: list[str]) -> None:
    if len(argv) < 2 or argv[1] not in READERS:
        sys.exit(f"needs one of {', '.join(READERS)}")
    read, folder, corpus = READERS[argv[1]], Path(tempfile.mkdtemp()), Path(tempfile.mkdtemp())
    for k, good in enumerate(GOOD.get(argv[1], [])):
        (corpus / str(k)).write_bytes(good)

    def once(content: bytes) -> None:
        try:
            read(folder, content)
        except (UserError, UnusablePictureError, ValueError) as error:
            if isinstance(error, UnicodeError) or len(str(error).splitlines()) != 1:
                raise

    atheris.Setup([argv[0], *argv[2:], str(corpus)], once)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv)
