"""The members of a run, as its folder tells them."""

from pathlib import Path

from vae_jax.config.schema import Config
from vae_jax.core.errors import UserError
from vae_jax.core.user_paths import from_home
from vae_jax.runs.folder import RunFolder
from vae_jax.training.groups import MEMBERS_FILE, Numbered, read_members


def started_groups(run: RunFolder) -> dict[str, Numbered]:
    """Return the members of each started group.

    Raises:
        UserError: there is none, or a part from outside is not registered.
    """
    run.check_parts()
    folders = sorted(path.parent for path in run.checkpoints.glob(f"*/{MEMBERS_FILE}"))
    groups = {folder.name: read_members(folder) for folder in folders}
    if not groups:
        raise UserError(f"{run.checkpoints}: no checkpoint yet; train the run first")
    return groups


def settings_of(folder: Path | str) -> dict[int, Config]:
    """Return the settings of every member of a run by number.

    Raises:
        UserError: there is no trained run.
    """
    run = RunFolder(from_home(folder))
    return {number: config for members in started_groups(run).values() for number, config in members}
