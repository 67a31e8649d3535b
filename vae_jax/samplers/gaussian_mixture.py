"""A mixture of normals fitted to the codes, by scikit-learn.

The codes of a trained model are not spread like its prior (Dai and Wipf 2019, arXiv:1903.05789, on why a second stage
helps): decoded samples of a density that follows them look more like the training images.
"""

import warnings
from dataclasses import dataclass

import numpy as np

from vae_jax.config.checks import limited
from vae_jax.core.errors import UserError
from vae_jax.samplers.contracts import Fitted, Labels, Latents

LEAST_SPREAD = 1e-6  # of a unit, as a share of the largest: units that hardly vary are not scaled up
OF_SPHERE = 1e-3  # how far from 1 the lengths of codes on the unit sphere may be


@dataclass(frozen=True)
class GaussianMixture:
    """A mixture of normals with full covariances.

    Attributes:
        clusters: how many normals; fewer where there are fewer codes than that many times the latent units.
        regularisation: added to the variances, as a share of the variance of the codes.
        iterations: of expectation maximisation, at most.
    """

    clusters: int = limited(20, low=1, high=10_000)
    regularisation: float = limited(1e-4, above=0, high=1)
    iterations: int = limited(30, low=1, high=100_000)

    def fit(self, codes: Latents, labels: Labels, classes: int, seed: int) -> Fitted:
        """Fit the mixture to standardised codes, and find how much of each class every component has."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.mixture import GaussianMixture as OfLibrary
        from threadpoolctl import threadpool_limits

        codes = codes.astype(np.float64)
        centre, spread = codes.mean(axis=0), codes.std(axis=0)
        spread = np.maximum(spread, max(LEAST_SPREAD * spread.max(), np.finfo(np.float32).tiny))
        standard = (codes - centre) / spread
        if len(standard) == 1:  # the library needs two
            standard, labels = np.repeat(standard, 2, axis=0), np.repeat(labels, 2)
        count = max(1, min(self.clusters, len(codes) // codes.shape[1], len(np.unique(codes, axis=0))))
        mixture = OfLibrary(
            count, reg_covar=self.regularisation, max_iter=self.iterations, random_state=seed % 2**32, tol=1e-3
        )
        # Threads of the library's small products wait for each other: on a busy machine they take five times as long.
        with warnings.catch_warnings(), threadpool_limits(1):
            warnings.simplefilter("ignore", ConvergenceWarning)  # a few more steps would gain little
            shares = mixture.fit(standard).predict_proba(standard)
        of_classes = np.stack([shares[labels == label].sum(axis=0) for label in range(classes)])
        lengths = np.linalg.norm(codes, axis=1)
        return {
            "weights": mixture.weights_,
            "class_weights": of_classes / np.maximum(of_classes.sum(axis=1, keepdims=True), 1e-300),
            "means": mixture.means_,
            "factors": np.linalg.cholesky(mixture.covariances_),
            "centre": centre,
            "spread": spread,
            "on_sphere": np.array(bool(np.all(np.abs(lengths - 1) < OF_SPHERE))),
        }

    def sample(self, fitted: Fitted, count: int, labels: Labels | None, seed: int) -> Latents:
        """Draw a component for each latent, by the weights of its class if it has one, then the latent.

        Raises:
            UserError: a class has no codes.
        """
        draw = np.random.default_rng(seed)
        weights = fitted["weights"][None] if labels is None else fitted["class_weights"][labels]
        ends = np.cumsum(weights, axis=1)
        if labels is not None and not ends[:, -1].all():
            empty = int(labels[np.argmin(ends[:, -1])])
            raise UserError(f"labels: found {empty}, a class without training images; needs another")
        ends = ends / ends[:, -1:]
        chosen = np.sum(draw.random((count, 1)) >= ends[:, :-1], axis=1)
        eps = draw.standard_normal((count, fitted["means"].shape[1]))
        standard = fitted["means"][chosen] + np.einsum("nij,nj->ni", fitted["factors"][chosen], eps)
        z = fitted["centre"] + fitted["spread"] * standard
        if fitted["on_sphere"]:
            z /= np.linalg.norm(z, axis=1, keepdims=True)
        latents: Latents = z.astype(np.float32)
        return latents
