"""Metrics of several members as lines of plain numbers."""

import jax
import numpy as np

from vae_jax.objectives.contracts import Metrics


def metric_lines(metrics: Metrics) -> list[dict[str, float]]:
    """Turn metrics, each `[members]`, into one dict of plain floats a member.

    Each is the shortest decimal that is the same float32: a beta_kl of 0.1 is written as 0.1.
    """
    table = jax.device_get(metrics)
    return [
        {name: float(np.format_float_scientific(each[member])) for name, each in table.items()}
        for member in range(len(table["loss"]))
    ]
