"""Morph any picture into another: `python -m vae_jax.morph --workdir=RUN --start=friend.jpg --out=friend.gif`."""

import argparse
import logging
import sys
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from vae_jax.core.commands import Flags, exit_status
from vae_jax.core.errors import NoResultError, UserError
from vae_jax.core.plain_text import reason
from vae_jax.core.progress import Console, Progress
from vae_jax.core.user_paths import from_home

if TYPE_CHECKING:
    from vae_jax.evaluation.morphs import Image, Morph, ReferenceSet
    from vae_jax.runs.trained import Trained

log = logging.getLogger("vae_jax")

ABOUT = """Write an animation from one picture to another, a strip of it, and the reconstruction of the first picture.
Where the run's images are aligned faces, the eyes and the nose are read from a landmarks.csv beside the picture or in
the folder above it (columns file, left_eye_x, left_eye_y, right_eye_x, right_eye_y, nose_x, nose_y, in pixels), or
found in the picture itself (people only)."""


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line.

    Raises:
        UserError: a flag is unknown, missing or can't be used.
    """
    flags = Flags("python -m vae_jax.morph", ABOUT)
    flags.add_argument("--workdir", type=from_home, required=True, metavar="RUN", help="the folder of a trained run")
    flags.add_argument("--start", type=from_home, required=True, metavar="FILE", help="a picture, or a folder of them")
    flags.add_argument("--end", type=from_home, metavar="FILE", help="a picture (default: the nearest dog)")
    flags.add_argument("--path", default="linear", help="linear (default) or slerp")
    flags.add_argument("--frames", type=int, default=25, help="steps from start to end (default 25)")
    flags.add_argument("--member", type=int, metavar="K", help="which member of a sweep")
    flags.add_argument("--cropped", action="store_true", help="pictures without landmarks are already cropped faces")
    flags.add_argument("--out", type=from_home, required=True, help=".gif, .webp, .png or .mp4; for a folder, a folder")
    flags.add_argument(
        "--import",
        dest="parts",
        action="append",
        metavar="FILE.py",
        help="register the parts of a file first",
    )
    flags.add_argument("--overwrite", action="store_true", help="replace existing files")
    given = flags.parse_args(argv)
    if not 2 <= given.frames <= 1000:
        raise UserError(f"--frames: found {given.frames}; needs 2 to 1,000")
    for name in ("start", "end"):
        path = getattr(given, name)
        if path is not None and not path.exists():
            raise UserError(f"--{name}: found no file {str(path)!r}")
    return given


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line, given without the program's name; by default that of the process.

    Returns:
        the exit status: 0; 1 if a picture could not be made; 2 after an error in one line; 130 if interrupted.
    """
    logging.basicConfig(format="%(message)s", handlers=[Console()])
    log.setLevel(logging.WARNING)
    logging.getLogger("vae_jax.core.progress").setLevel(logging.INFO)
    return exit_status(lambda: run(parse(argv)))


def run(given: argparse.Namespace) -> None:
    """Morph one picture, or all of a folder.

    Raises:
        NoResultError: some pictures could not be made.
        UserError: an argument can't be used.
    """
    from vae_jax.core.jax_settings import check_jax

    check_jax()
    with Progress("loading JAX"):
        from vae_jax.config.outside_parts import import_parts
        from vae_jax.core.compile_cache import keep_compiled_programs
        from vae_jax.interpolation.paths import PATHS
        from vae_jax.runs.friends import TOGETHER, morphed_files, morphs_from, named_pictures, reference_of
        from vae_jax.runs.load import load_run

    import_parts(given.parts or ())
    PATHS[given.path]
    several = given.start.is_dir()
    pictures = named_pictures(given.start) if several else {given.start.stem: given.start}
    outs = _outs(given, pictures)
    together = [given.out / name for name in TOGETHER] if several else []
    written = [file for out in outs.values() for file in morphed_files(out)] + together
    _refuse_inputs(written, [*pictures.values(), *([given.end] if given.end else [])])
    _refuse_existing(written, given)
    keep_compiled_programs()
    with Progress("reading the run"):
        trained = load_run(given.workdir, given.member)
    end = _faces({"end": given.end}, trained, given, skip=False)["end"] if given.end else None
    faces = _faces(pictures, trained, given, skip=several)
    with Progress("encoding and decoding"):
        reference = reference_of(trained)
        morphs = morphs_from(faces, end, trained, reference, given.frames, given.path)
    failed = _write(morphs, reference, outs, together)
    for name, why in failed.items():
        log.warning("%s: not made (%s)", name, why)
    print(given.out)
    if failed:
        raise NoResultError(f"{given.out}: some pictures could not be made ({', '.join(failed)}); the others are there")


def _outs(given: argparse.Namespace, pictures: Iterable[str]) -> dict[str, Path]:
    """Return the file of each picture's animation."""
    from vae_jax.figures.animation import WRITERS, check_animation

    if not given.start.is_dir():
        check_animation(given.out)
        return {given.start.stem: given.out}
    if given.out.suffix.lower() in WRITERS or given.out.is_file():
        raise UserError(f"--out: found {str(given.out)!r}; --start is a folder, and needs a folder to write to")
    if given.out.exists() and given.out.samefile(given.start):
        raise UserError(f"--out: found {str(given.out)!r}, the folder of --start; needs another folder")
    return {name: given.out / f"{name}.gif" for name in pictures}


def _refuse_inputs(files: Sequence[Path], pictures: Sequence[Path]) -> None:
    """Make sure that no input picture would be replaced, also through links and with --overwrite.

    Raises:
        UserError: one would be.
    """
    read = {(found.st_dev, found.st_ino): picture for picture in pictures for found in [picture.stat()]}
    for file in files:
        found = file.stat() if file.exists() else None
        picture = read.get((found.st_dev, found.st_ino)) if found else None
        if picture is not None:
            raise UserError(f"--out: would replace {picture}, which is read; use another --out")


def _refuse_existing(files: Sequence[Path], given: argparse.Namespace) -> None:
    existing = [file for file in files if file.exists()]
    if existing and not given.overwrite:
        more = f" and {len(existing) - 1} more" if len(existing) > 1 else ""
        raise UserError(f"{existing[0]}{more}: there already; use another --out, or --overwrite")


def _faces(
    pictures: dict[str, Path], trained: "Trained", given: argparse.Namespace, *, skip: bool
) -> "dict[str, Image]":
    """Read pictures; skip those that can't be used, or raise a `UserError`."""
    from vae_jax.core.errors import UnusablePictureError
    from vae_jax.runs.friends import read_face

    faces = {}
    for name, path in pictures.items():
        try:
            faces[name] = read_face(path, trained, cropped=given.cropped)
        except UnusablePictureError as error:
            if not skip:
                raise UserError(f"{path}: {error}") from None
            log.warning("%s: skipped: %s", path, error)
    if not faces:
        raise UserError(f"{given.start}: found no usable picture; needs one, such as a JPEG or PNG file")
    return faces


def _write(
    morphs: "Sequence[Morph]", reference: "ReferenceSet", outs: dict[str, Path], together: Sequence[Path]
) -> dict[str, str]:
    """Write all pictures; return the names of those that failed, with the reasons."""
    from vae_jax.figures.animation import write_animation
    from vae_jax.figures.cover import cover
    from vae_jax.figures.gallery import draw_figures
    from vae_jax.figures.morphs import losses, reconstruction, strip
    from vae_jax.runs.friends import morphed_files

    folder, failed = next(iter(outs.values())).parent, dict[str, str]()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with Progress("writing", len(morphs), unit="animation") as progress:
            for morph in morphs:
                out, as_strip, remade = morphed_files(outs[morph.name])
                try:
                    write_animation(out, morph.frames)
                except (OSError, UserError):
                    raise
                except Exception as error:
                    failed[out.name] = reason(error)
                drawings = {as_strip.stem: partial(strip, morph, reference)}
                drawings[remade.stem] = partial(reconstruction, morph, reference)
                failed |= draw_figures(drawings, folder)
                progress.advance()
            if together:
                progress.say("drawing all together")
                both = {"losses": partial(losses, morphs, reference), "cover": partial(cover, morphs, reference)}
                failed |= draw_figures(both, folder)
    except OSError as error:
        raise UserError(f"{folder}: can't be written ({error.strerror}); use another --out") from None
    return failed


if __name__ == "__main__":
    sys.exit(main())
