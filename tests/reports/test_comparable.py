"""Which members compare in which metric."""

import pytest

from vae_jax.reports.comparable import Measured, group_by_unit

BEST = ("elbo", "distortion", "rate", "recon", "kl", "loss")


def member(data="f", reduction="nats", **values):
    named = {"batch_size": "train.batch_size", "name": "data.name"}
    return Measured(data, {named.get(name, name): value for name, value in values.items()}, reduction)


def comparing(*members):
    """The metrics in which the members can be ranked."""
    return {metric for metric in BEST if len(set(group_by_unit([metric], members, ranked=True))) == 1}


ALL = set(BEST)


@pytest.mark.parametrize(
    ("one", "other", "metrics"),
    [
        (member(seed=0), member(seed=1), ALL),
        (member(latent_dim=2), member(latent_dim=5), ALL),
        (member(likelihood="bernoulli"), member(likelihood="mse"), {"rate", "kl"}),
        (member(likelihood="mse"), member(likelihood="gaussian_learned"), ALL),
        (
            member(reduction="blog", likelihood="mse"),
            member(reduction="blog", likelihood="gaussian"),
            {"elbo", "distortion", "rate", "kl"},
        ),
        (member(reduction="blog"), member(), {"elbo", "distortion", "rate"}),
        (member(data="f"), member(data="g"), set()),
        (member(levels=255), member(levels=256), set()),
        (member(binarise="none"), member(binarise="drawn"), set()),
        (member(condition="none"), member(condition="labels"), set()),
        (member(posterior="iaf"), member(posterior="diagonal_gaussian"), ALL),
        (member(beta_kl=1.0), member(beta_kl=4.0), ALL - {"loss"}),
        (member(free_bits=0.0), member(free_bits=0.5), ALL - {"kl", "loss"}),
        (member(batch_size=10), member(batch_size=20), ALL),
        (member(reduction="blog", batch_size=10), member(reduction="blog", batch_size=20), ALL - {"kl", "loss"}),
        (member(likelihood="of a plug-in"), member(likelihood="mse"), {"rate", "kl"}),
    ],
)
def test_members_compare_in_metrics_of_the_same_unit(one, other, metrics):
    assert comparing(one, other) == metrics


def test_a_swept_reduction_is_the_members_own():
    assert comparing(member(values=1), member(**{"reduction": "nats"})) == ALL
    swept = [Measured("f", {"reduction": reduction}, "nats") for reduction in ("nats", "blog")]
    assert group_by_unit(["recon"], swept) == ["reduction nats", "reduction blog"]


def test_losses_with_different_weights_may_share_an_axis():
    assert group_by_unit(["loss"], [member(beta_kl=1.0), member(beta_kl=4.0)]) == ["", ""]


def test_groups_are_named_by_the_fields_that_differ():
    members = [
        member(data="f", name="digits", likelihood="mse"),
        member(data="g", name="mnist", likelihood="gaussian"),
        member(data="g", name="mnist", likelihood="bernoulli"),
    ]
    assert group_by_unit(["elbo"], members) == [
        "data.name digits, likelihood over the reals",
        "data.name mnist, likelihood over the reals",
        "data.name mnist, likelihood over {0, 1}",
    ]
    assert group_by_unit(["elbo"], []) == []
