"""The summary of a run."""

import csv
import dataclasses
import io
import json
import math

import numpy as np
import pytest
from small_runs import small_config, small_dataset, small_spec

from vae_jax.config.sweep_language import expand
from vae_jax.data.collection import DataCollection
from vae_jax.data.dataset import with_mirror_images
from vae_jax.reports.summary import (
    MemberResult,
    best_members,
    closing_line,
    data_sets,
    member_title,
    member_values,
    members_table,
    summarise,
)


def metrics(member, split, elbo):
    return {
        "step": 20, "epoch": 4.0, "member": member, "split": split,
        "beta_kl": 1.0, "loss": 3.0, "recon": 2.0, "kl": 1.0,
        "distortion": 2.0, "rate": 1.0, "elbo": elbo,
    }  # fmt: skip


def summary_of(*elbos, failed=(), **sections):
    config = small_config(**sections)
    program = small_spec(**{name: fields for name, fields in sections.items() if name != "sweep"})
    results = [
        MemberResult(
            k,
            member,
            program,
            metrics(k, "train", elbo + 1),
            metrics(k, "test", elbo),
            failed=20 if k in failed else None,
        )
        for k, (member, elbo) in enumerate(zip(expand(config), elbos, strict=True))
    ]
    return summarise(
        config,
        results,
        DataCollection({config.data.images: small_dataset()}),
        {"compile": 1.23456, "train": 2.0, "total": 4.0},
    )


def test_a_summary_has_all_its_fields():
    """The contract of `summary.json` in the design."""
    found = summary_of(-3.0)
    assert {name: found["data"][name] for name in ("name", "source", "train", "test")} == {
        "name": "small", "source": "made by the tests", "train": 50, "test": 10,
    }  # fmt: skip
    assert found["seconds"] == {"compile": 1.235, "train": 2.0, "total": 4.0}
    assert found["device"]
    assert {"python", "vae_jax", "jax", "flax", "numpy"} <= set(found["versions"])
    (member,) = found["members"]
    assert (member["member"], member["values"]) == (0, {"seed": 0, "beta_kl": 1.0, "latent_dim": 2})
    names = {"step", "epoch", "beta_kl", "loss", "recon", "kl", "distortion", "rate", "elbo"}
    assert set(member["train"]) == set(member["test"]) == names
    assert (member["train"]["elbo"], member["test"]["elbo"]) == (-2.0, -3.0)
    assert member["parameters"] == (36 + 1) * 8 + (8 + 1) * 4 + (2 + 1) * 8 + (8 + 1) * 36
    assert json.loads(json.dumps(found)) == found


def test_a_likelihood_over_0_and_1_on_grey_pixels_is_noted():
    assert summary_of(-3.0)["notice"].startswith("bernoulli on grey pixels (dogpeople)")
    assert "notice" not in summary_of(-3.0, model={"likelihood": "mse"})


def test_values_are_seed_beta_kl_latent_dim_and_all_other_swept_fields():
    config = small_config(sweep=("learning_rate=0.1,0.2", "seed=5,6"))
    assert [member_values(config, member) for member in expand(config)] == [
        {"seed": seed, "beta_kl": 1.0, "latent_dim": 2, "learning_rate": rate} for rate in (0.1, 0.2) for seed in (5, 6)
    ]


def test_of_several_data_sets_each_member_says_which_is_its_own():
    config = small_config(sweep=("contrast=none,stretch", "seed=0,1"))
    members = expand(config)
    collection = DataCollection(
        {members[0].data.images: small_dataset(), members[2].data.images: small_dataset(n=120, seed=1)}
    )
    results = [
        MemberResult(k, member, small_spec(), metrics(k, "train", -1.0), metrics(k, "test", -1.0), failed=None)
        for k, member in enumerate(members)
    ]
    found = summarise(config, results, collection, {"train": 1.0})
    assert [member["data"]["train"] for member in found["members"]] == [50, 50, 100, 100]
    assert found["members"][2]["data"]["fingerprint"] == small_dataset(n=120, seed=1).fingerprint
    assert [data["train"] for data in data_sets(found)] == [50, 100]
    assert closing_line(found).startswith(
        "small: 4 members on 2 data sets, the test ELBO compares within 2 groups only; best of "
        "contrast none: 0, test elbo -1.00 nats; contrast stretch: 2, test elbo -1.00 nats; trained"
    )
    assert [data["train"] for data in data_sets(summary_of(-3.0, -2.0, sweep=("seed=0,1",)))] == [50]


def test_a_title_names_the_member_in_a_few_words():
    config = small_config(sweep=("warmup_steps=7,9", "beta_kl=1e-4"))
    assert [member_title(config, member) for member in expand(config)] == [
        f"dogpeople · 2 latent · beta_KL 0.0001 · seed 0 · warmup_steps {steps}" for steps in (7, 9)
    ]


@pytest.mark.parametrize(
    ("reduction", "kl", "beta_kl_in_nats"),
    [("nats", "nats per image", 0.5), ("blog", "nats summed over the batch", 180)],
)
def test_a_summary_has_the_normalisation_and_beta_kl_in_nats(reduction, kl, beta_kl_in_nats):
    """Batches of 10 and 36 pixels: 0.5 in the post's normalisation weighs like 180."""
    found = summary_of(-3.0, objective={"reduction": reduction, "beta_kl": 0.5})
    assert found["normalisation"]["reduction"] == reduction
    assert found["normalisation"]["kl"] == kl
    assert found["members"][0]["beta_kl_in_nats"] == pytest.approx(beta_kl_in_nats)


def test_each_member_has_its_own_normalisation_if_they_differ():
    found = summary_of(-3.0, -2.0, sweep=("reduction=nats,blog",))
    assert "normalisation" not in found
    assert [member["normalisation"]["kl"] for member in found["members"]] == [
        "nats per image",
        "nats summed over the batch",
    ]
    alike = summary_of(-3.0, -2.0, sweep=("seed=0,1",))
    assert alike["normalisation"]["reduction"] == "nats"
    assert all("normalisation" not in member for member in alike["members"])


def test_members_of_different_likelihoods_have_separate_best_members():
    found = summary_of(-5.0, 30.0, 40.0, -4.0, sweep=("zip(likelihood=bernoulli,mse,gaussian,bernoulli;seed=0,1,2,3)",))
    leaders = {words: leader["member"] for words, leader in best_members(found).items()}
    assert leaders == {"likelihood over {0, 1}": 3, "likelihood over the reals": 2}
    assert "likelihood over {0, 1}: 3, test elbo -4.00 nats; likelihood over the reals: 2, test elbo" in closing_line(
        found
    )


def test_mirrored_training_images_do_not_change_the_test_fingerprint():
    data = small_dataset()
    more = dataclasses.replace(
        data, train=with_mirror_images(data.train), sampling_indices=np.arange(100, dtype=np.int32)
    )
    assert more.fingerprint != data.fingerprint
    assert more.test_fingerprint == data.test_fingerprint != small_dataset(seed=1).test_fingerprint


def test_the_closing_line_gives_the_outcome_of_a_single_run():
    assert closing_line(summary_of(-3.0)) == (
        "small: test elbo -3.00 nats (distortion 2.00, rate 1.00), recon 2, kl 1; trained 20 steps in 2.0 s"
    )


def test_the_closing_line_of_a_sweep_is_that_of_its_best_member():
    said = closing_line(summary_of(-5.0, -3.0, -4.0, sweep=("seed=0,1,2",)))
    assert said.startswith("small: best of 3 members: 1 (seed 1, beta_kl 1, latent_dim 2), test elbo -3.00 nats")


def test_a_member_that_failed_is_never_the_best_and_its_losses_are_left_out():
    summary = summary_of(math.nan, -9.0, -3.0, failed=(0, 2), sweep=("seed=0,1,2",))
    assert closing_line(summary).startswith(
        "small: best of 3 members: 1 (seed 1, beta_kl 1, latent_dim 2), test elbo -9.00"
    )
    assert closing_line(summary).endswith("; 2 of 3 members failed")
    assert [member["failed_in_step"] for member in summary["members"]] == [20, None, 20]
    assert "elbo" not in summary["members"][0]["test"]
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary


def test_the_closing_line_says_that_all_members_failed():
    assert closing_line(summary_of(-1.0, failed=(0,))) == "small: no member came to a result; 1 of 1 failed"


def test_the_table_has_a_row_for_each_member_with_values_and_metrics():
    table = list(
        csv.DictReader(io.StringIO(members_table(summary_of(-5.0, math.nan, sweep=("seed=0,7",), failed=(1,)))))
    )
    assert [(row["member"], row["seed"], row["beta_kl"], row["test.elbo"]) for row in table] == [
        ("0", "0", "1.0", "-5.0"),
        ("1", "7", "1.0", ""),
    ]
    assert [row["failed_in_step"] for row in table] == ["", "20"]
    assert {"train.recon", "test.rate", "parameters", "latent_dim"} <= set(table[0])


def test_a_member_has_its_likelihood_and_which_units_have_collapsed_until_its_step():
    config, nll = small_config(), {"nll": 90.0, "nll_standard_error": 0.25, "nll_samples": 5000}
    lines = [{"step": step, "rates": [2.0, rate]} for step, rate in ((10, 0.002), (20, 0.001), (30, 1.0))]
    test = metrics(0, "test", -95.0) | nll | {"rates": [2.0, 0.001], "mutual_information": math.inf}
    result = MemberResult(0, config, small_spec(), metrics(0, "train", -94.0), test, None, lines=lines)
    collection = DataCollection({config.data.images: small_dataset()})
    found = summarise(config, [result], collection, {"compile": 1.0, "train": 2.0, "total": 4.0})
    (member,) = found["members"]
    assert {name: member["test"][name] for name in nll} == nll
    assert not {"rates", "mutual_information"} & set(member["test"])
    assert member["rates"] == [2.0, 0.001]
    assert member["collapsed"] == [{"unit": 1, "since_step": 10}]
    assert ", nll 90.00 ± 0.25 nats (5,000 samples), recon 2" in closing_line(found)
    failed = summarise(config, [result._replace(failed=20)], collection, {"train": 2.0})
    assert "collapsed" not in failed["members"][0]
