"""The README of pythae 0.1.2 beside our numbers: `python -m experiments.likelihoods.pythae [--short] [--quick]`."""

from collections.abc import Callable, Mapping
from pathlib import Path

import jax.numpy as jnp

from experiments.likelihoods.published import beside, bounds_over_time
from vae_jax import Sweep, register
from vae_jax.core.signals import leave
from vae_jax.figures.panels import Panel, panels
from vae_jax.research.experiment import Experiment, Findings, Training, main
from vae_jax.schedules.rates import Share

# Negative log-likelihood in nats (README of its scripts for reproducing papers), and the epochs of those scripts, where
# they are published.
PUBLISHED = {
    "vae": (89.78, None),
    "vae_slow": (89.78, None),
    "vae_torch": (89.78, None),
    "vamp": (85.79, 2000),
    "iwae": (86.82, 3280),
    "miwae": (85.09, 3280),
    "piwae": (84.58, 3280),
    "ciwae": (84.74, 3280),
}
SHORT = {"train.epochs": 13, "eval.nll_samples": 1000}
LABELS = {"bound": "test bound, nats per image", "model": ""}


def falling(factor: float, *milestones: float) -> Callable[[Share, Share], Share]:
    """Return a schedule whose rate is multiplied by `factor` at each of these shares of the training."""

    def shape(t: Share, end: Share) -> Share:
        """The rate of pythae's script, which falls at some epochs."""
        del end
        return factor ** jnp.sum(t >= jnp.asarray(milestones), dtype=jnp.float32)

    return shape


# Its scripts have torch's MultiStepLR; the epochs of the last two are meant as Burda's, whose sums are others.
register("rate", "pythae_vae")(falling(10 ** (-1 / 5), *(epoch / 500 for epoch in (200, 350))))
register("rate", "pythae_vamp")(falling(10 ** (-1 / 5), *(epoch / 2000 for epoch in (200, 350, 500, 750, 1000))))
register("rate", "pythae_iwae")(
    falling(10 ** (-1 / 7), *(epoch / 3280 for epoch in (2, 5, 14, 28, 41, 122, 365, 1094)))
)


def examine(trained: Mapping[str, Sweep]) -> Findings:
    rows, lines = [], []
    for name, sweep in trained.items():
        nll, epochs = PUBLISHED[name]
        known = {"training": name, "published_nll": nll}
        rows += beside(sweep, lambda _, known=known: known, epochs)  # type: ignore[misc]
        lines += bounds_over_time(sweep, lambda _, name=name: name)  # type: ignore[misc]
    shown = [Panel(lines, "step", "bound", "model", "each model's own bound", LABELS, "x")]
    return Findings(rows, {"bounds": panels(shown, "MNIST, the models of pythae's table", 1)})


LIKE_ITS_VAE = {
    "model.hidden": (400,),
    "model.latent_dim": 40,
    "model.activation": "relu",
    "optimiser.schedule": "pythae_vae",
    "train.batch_size": 100,
    "train.epochs": 500,
    "train.keep_best": True,
    "eval.nll_samples": 200,
}
LIKE_BURDA = {
    "optimiser.schedule": "pythae_iwae",
    "train.epochs": 3280,
    "optimisers.adam.eps": 1e-4,
    "train.batch_size": 20,
    "eval.nll_samples": 5000,
}
ON_MNIST = {
    "data.binarise": "drawn",
    "model.hidden": (200, 200),
    "model.latent_dim": 50,
    "model.activation": "tanh",
    "objective.samples": 64,
}
EXPERIMENT = Experiment(
    Path(__file__).parent,
    {
        # At the rate 0.001, of its IWAE, IAF and vMF; its VAE's is not published, and its VampPrior's is a tenth of it.
        "vae": Training("binarized_mnist", LIKE_ITS_VAE),
        "vae_slow": Training("binarized_mnist", {**LIKE_ITS_VAE, "optimiser.learning_rate": 1e-4}),
        # The post's first weights are those of torch's layers, but for the bias that it counts as an input.
        "vae_torch": Training("binarized_mnist", {**LIKE_ITS_VAE, "model.init": "blog"}),
        "vamp": Training(
            "binarized_mnist",
            {
                "model.hidden": (300, 300),
                "model.latent_dim": 40,
                "encoders.mlp.gated": True,
                "decoders.mlp.gated": True,
                "model.prior": "vamp",
                "priors.vamp.components": 500,
                "objective.warmup": "linear",
                "objective.warmup_steps": 50_000,  # 100 epochs
                "optimiser.name": "rmsprop",
                "optimiser.learning_rate": 1e-4,
                "optimiser.schedule": "pythae_vamp",
                "train.batch_size": 100,
                "train.epochs": 2000,
                "train.keep_best": True,
                "eval.nll_samples": 5000,
            },
            short={"train.epochs": 50, "objective.warmup_steps": 2500, "eval.nll_samples": 500},
        ),
        "iwae": Training(
            "binarized_mnist",
            {
                **LIKE_BURDA,
                "objective.name": "iwae",
                "objective.samples": 50,
                "train.keep_best": True,
            },
            short=SHORT,
        ),
        **{
            name: Training("mnist", {**LIKE_BURDA, **ON_MNIST, "objective.name": name, **own}, short=SHORT)
            for name, own in (
                ("miwae", {"objectives.miwae.groups": 8}),
                ("piwae", {"objectives.piwae.groups": 8}),
                ("ciwae", {}),
            )
        },
    },
    examine,
)

if __name__ == "__main__":
    leave(main(EXPERIMENT))
