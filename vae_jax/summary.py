"""The end of a run in numbers: `summary.json`, and the one line that says them."""

import platform
from importlib.metadata import version
from typing import Any

import jax

from vae_jax.config import Config, field_of
from vae_jax.data.dataset import Dataset
from vae_jax.models.vae import parameter_count
from vae_jax.objectives import standard_beta_kl
from vae_jax.sweep import swept_fields
from vae_jax.training.program import Program

ALWAYS = ("seed", "objective.beta_kl", "model.latent_dim")
LIBRARIES = ("vae_jax", "jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "numpy")


def member_values(config: Config, member: Config) -> dict[str, Any]:
    """Return what tells a member apart: seed, beta_kl, latent_dim and whatever else is swept, by last names."""
    names = [*ALWAYS, *(name for name in swept_fields(config) if name not in ALWAYS)]
    return {name.rpartition(".")[2]: field_of(member, name) for name in names}


def member_title(config: Config, member: Config) -> str:
    """Name a member in a few words."""
    values = member_values(config, member)
    words = [config.data.name, f"{values.pop('latent_dim')} latent", f"beta_KL {values.pop('beta_kl'):g}"]
    return " · ".join([*words, *(f"{name} {value}" for name, value in values.items())])


def summarise(
    config: Config,
    configs: tuple[Config, ...],
    dataset: Dataset,
    program: Program,
    *,
    seconds: dict[str, float],
    train: list[dict[str, Any]],
    test: list[dict[str, Any]],
) -> dict[str, Any]:
    """Make the content of `summary.json`.

    Args:
        config: the run's settings.
        configs: each member's.
        dataset: what was trained on.
        program: what was trained.
        seconds: `compile`, `train`, `total`.
        train, test: each member's last metrics.
    """
    how = program.normalisation
    return {
        "data": {
            "name": dataset.name,
            "source": dataset.source,
            "train": len(dataset.train),
            "test": len(dataset.test),
            "notice": dataset.notice,
            "fingerprint": dataset.fingerprint,
        },
        "seconds": {name: round(value, 3) for name, value in seconds.items()},
        "device": f"{jax.devices()[0].device_kind} ({jax.default_backend()})",
        "versions": {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}},
        "normalisation": {
            "reduction": program.reduction,
            "recon": "mean over pixels and batch" if program.reduction == "blog" else "nats per image",
            "kl": "nats summed over the batch" if program.reduction == "blog" else "nats per image",
        },
        "parameters": parameter_count(program.model, program.image_shape),
        "members": [
            {
                "member": k,
                "values": member_values(config, member),
                "beta_kl_in_nats": standard_beta_kl(member.objective.beta_kl, how),
                "train": _metrics(train, k),
                "test": _metrics(test, k),
            }
            for k, member in enumerate(configs)
        ],
    }


def _metrics(lines: list[dict[str, Any]], member: int) -> dict[str, Any]:
    return {name: value for name, value in lines[member].items() if name not in ("member", "split")} if lines else {}


def closing_line(summary: dict[str, Any]) -> str:
    """Say the outcome in one line: the first member's test metrics, or the best of several."""
    members = summary["members"]
    best = max(members, key=lambda member: member["test"]["elbo"])
    test = best["test"]
    which = f"best of {len(members)} members: {best['member']}, " if len(members) > 1 else ""
    return (
        f"{summary['data']['name']}: {which}test elbo {test['elbo']:.2f} nats (distortion {test['distortion']:.2f}, "
        f"rate {test['rate']:.2f}), recon {test['recon']:.4g}, kl {test['kl']:.4g}; "
        f"trained {test['step']:,} steps in {summary['seconds']['train']:.1f} s"
    )
