"""The command line of a run: a config file, overrides and sweeps, with a one-line error for each mistake."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from absl import flags
from ml_collections import ConfigDict, config_flags

from vae_jax.config.fields import leaf_fields
from vae_jax.config.outside_parts import import_parts, imports_in
from vae_jax.config.schema import Config, to_dict, validate
from vae_jax.core.errors import UserError, nearest
from vae_jax.core.user_paths import from_home
from vae_jax.runs.command import MODES, Command, Drawing, Pick
from vae_jax.runs.folder import RunFolder

USAGE = """python -m vae_jax.main --config=configs/NAME.py [options]

  --config=FILE           the config file, such as configs/dogpeople.py
  --config.FIELD=VALUE    another value for one of its fields, such as --config.train.epochs=5
  --sweep=FIELD=VALUES    train one model for each value, such as --sweep=seed=0,1 or --sweep=beta_kl=geom(0.1,10,5);
                          several multiply; --sweep='zip(beta_kl=1,4;warmup_steps=100,400)' pairs
  --dry_run               show what would be trained: programs, memory and time; no run folder is made
  --import=FILE.py        register the parts of a file of yours, or of a module, first; may be repeated
  --workdir=FOLDER        where the run goes (default: runs/<config name>); the same command continues it
  --mode=MODE             train (default); evaluate or figures: evaluate or draw a trained run again;
                          export: make one member a run folder of its own; sample: draw new images of one member;
                          all but train need no --config, only --config.data.raw_dir=FOLDER where the data were moved
  --member=K              which one to export or to draw from; or --where=beta_kl=1,latent_dim=50, or
                          --best=test.elbo; the last two together: the best of those that have the values
  --out=FOLDER            where it is exported to (default: beside the run, WORKDIR_member_K); with --mode=sample
                          the picture to write, FILE.png (default: in WORKDIR/samplers)
  --label=dog             with --mode=sample the class of the images, by its name or number (default: any)
  --count=60 --draw=0     with --mode=sample how many images, and the seed that decides them
  --help PART             describe a part and its settings, such as --help iaf; or a kind, such as --help posterior
"""

MOST_DRAWN = 10_000  # images in a picture

HELP = re.compile(r"--?h(?:elp)?(?:=(.*))?")


def parse(argv: Sequence[str]) -> Command:
    """Parse a command line.

    Args:
        argv: as `sys.argv`, with the program's name first.

    Raises:
        UserError: a flag, the config file or one of its fields can't be used.
    """
    import_parts(imports_in(argv[1:]))
    values = flags.FlagValues()
    own = _run_settings(argv)
    if own is None:
        config_flags.DEFINE_config_file("config", None, "config file", flag_values=values, sys_argv=list(argv))
    else:
        config_flags.DEFINE_config_dict("config", own, "the run's own", flag_values=values, sys_argv=list(argv))
    _define_flags(values)
    _check_config_flags(argv)
    try:
        rest = values(list(argv))
        given = values.config
    except flags.Error as error:
        raise UserError(_one_line(error)) from None
    except Exception as error:  # a config file is the user's code and may raise anything
        raise UserError(f"--config: {type(error).__name__}: {_one_line(error)}") from error
    if rest[1:]:
        raise UserError(f"found {rest[1]!r}; every argument is a flag, such as --config=configs/digits.py")
    if values.mode not in MODES:
        raise UserError(f"--mode: found {values.mode!r}; needs one of {', '.join(MODES)}")
    flag = values["config"]
    file = flag.config_filename if own is None and flag.present else None
    return _command(given, file, values, own=own is not None)


def asked_for_help(argv: Sequence[str]) -> bool:
    """Whether a command line asks for help."""
    return any(HELP.fullmatch(argument) for argument in argv[1:])


def help_for(argv: Sequence[str]) -> str:
    """Return the text of `--help` or `--help PART`; the parts of `--import` are included.

    Raises:
        UserError: there is no such part, or an import fails.
    """
    from vae_jax.cli.part_help import help_of, kinds_listed

    import_parts(imports_in(argv[1:]))
    place, asked = next((k, match) for k, each in enumerate(argv) if k and (match := HELP.fullmatch(each)))
    word = asked[1] or next((word for word in argv[place + 1 : place + 2] if not word.startswith("-")), "")
    return help_of(word) if word else f"{USAGE}\n{kinds_listed()}"


def _define_flags(values: flags.FlagValues) -> None:
    """Define all flags but `--config`."""
    flags.DEFINE_multi_string("sweep", None, "sweep", flag_values=values)
    flags.DEFINE_multi_string("import", None, "parts", flag_values=values)
    flags.DEFINE_string("workdir", None, "run folder", flag_values=values)
    flags.DEFINE_string("mode", "train", "mode", flag_values=values)
    flags.DEFINE_bool("dry_run", False, "dry run", flag_values=values)
    for name in ("member", "count", "draw"):
        flags.DEFINE_integer(name, None, name, flag_values=values)
    for name in ("where", "best", "out", "label"):
        flags.DEFINE_string(name, None, name, flag_values=values)


def _run_settings(argv: Sequence[str]) -> ConfigDict | None:
    """Return the settings of a trained run, if the command line overrides fields without a config file.

    Raises:
        UserError: there is no such run, or a config file is needed.
    """
    if any(re.match(r"--?config(=|$)", argument) for argument in argv):
        return None
    overrides = [argument for argument in argv if re.match(r"--?config\.", argument)]
    values = flags.FlagValues()
    _define_flags(values)
    values.set_gnu_getopt(True)
    try:
        values(list(argv), known_only=True)
    except flags.Error:
        return None  # `parse` reports it
    if not (overrides or values.sweep) or values.mode not in MODES:
        return None
    if values.mode == "train" or not values.workdir:
        raise UserError(
            f"--config: missing beside {(overrides or ['--sweep'])[0]}; needs a config file such as "
            "--config=configs/digits.py, or with another --mode the --workdir of a trained run"
        )
    return ConfigDict(to_dict(RunFolder(from_home(values.workdir)).read_config()))


def _command(given: Any, file: str | None, values: flags.FlagValues, *, own: bool) -> Command:
    config: Config | None = None
    workdir = values.workdir
    if values.sweep is not None and isinstance(given, ConfigDict) and "sweep" in given:
        given.sweep = tuple(values.sweep)
    if own:
        config = validate(given)
    elif file is None:
        if values.mode == "train" or not workdir:
            raise UserError("--config: missing; needs a config file such as --config=configs/digits.py")
    elif not isinstance(given, ConfigDict):
        raise UserError(f"--config: get_config() in {file} gave {type(given).__name__}; needs a ConfigDict")
    else:
        config = validate(given)
        workdir = workdir or Path("runs") / Path(file).stem
    return Command(
        config=config,
        workdir=from_home(workdir),
        mode=values.mode,
        dry_run=_only_in(values, "dry_run", "train"),
        pick=Pick(*(_only_in(values, name, "export", "sample") for name in ("member", "where", "best"))),
        out=from_home(values.out) if _only_in(values, "out", "export", "sample") else None,
        drawing=_drawing(values),
    )


def _drawing(values: flags.FlagValues) -> Drawing:
    """Return what new images to draw.

    Raises:
        UserError: a number is out of range.
    """
    given = {name: _only_in(values, name, "sample") for name in ("count", "label", "draw")}
    for name, low, high in (("count", 1, MOST_DRAWN), ("draw", 0, 2**32 - 1)):
        if given[name] is not None and not low <= given[name] <= high:
            raise UserError(f"--{name}: found {given[name]}; needs a whole number from {low} to {high:,}")
    chosen = Drawing(label=given["label"], seed=given["draw"] or 0)
    return chosen if given["count"] is None else replace(chosen, count=given["count"])


def _only_in(values: flags.FlagValues, name: str, *modes: str) -> Any:
    """Return the value of a flag that only some modes have."""
    found = values[name].value
    if found is not None and found is not False and values.mode not in modes:
        allowed = " or ".join(f"--mode={mode}" for mode in modes)
        raise UserError(f"--{name}: found with --mode={values.mode}; goes with {allowed} only")
    return found


def _check_config_flags(argv: Sequence[str]) -> None:
    """Check the file and the fields, for which ml_collections would print a traceback."""
    sections = {name.rpartition(".")[0] for name in leaf_fields()} - {""}
    known = [*leaf_fields(), *sections]
    for k, argument in enumerate(argv):
        match = re.fullmatch(r"--?config(?:\.([^=]*))?(?:=(.*))?", argument, re.DOTALL)
        if not match:
            continue
        field, value = match.groups()
        if field is None:
            _check_file(value if value is not None else " ".join(argv[k + 1 : k + 2]))
        elif field not in known:
            ends = [name for name in known if name.rpartition(".")[2] == field]
            hint = f"; did you mean {ends[0]!r}?" if ends else nearest(field, known)
            raise UserError(f"--config.{field}: no such field{hint or '; known are ' + ', '.join(leaf_fields())}")


def _check_file(value: str) -> None:
    path = Path(value.partition(":")[0])
    if not path.is_file():
        there = sorted(str(other) for other in Path("configs").glob("*.py"))
        choices = f"; there are {', '.join(there)}" if there else ""
        raise UserError(f"--config: found no file {str(path)!r}{nearest(str(path), there) or choices}")


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:400] or type(error).__name__
