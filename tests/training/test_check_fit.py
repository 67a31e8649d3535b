"""Parts that don't fit together: one line, before anything is compiled or written."""

import dataclasses

import numpy as np
import pytest
from small_runs import small_config, small_dataset

from vae_jax.core.errors import UserError
from vae_jax.data import collection
from vae_jax.data.dataset import Split
from vae_jax.runs.folder import RunFolder
from vae_jax.runs.plan import plan_run
from vae_jax.training.check_fit import check_fit
from vae_jax.training.groups import group_of

DATASET = small_dataset()


def check(dataset=DATASET, **sections):
    check_fit([group_of("group_0", [(0, small_config(**sections))], dataset)], lambda _: dataset)


SHALLOW = {"parts": {"posteriors": {"coupling": {"layers": 1}}}}


def model(**fields):
    return {"model": fields}


def objective(name, **fields):
    return {"objective": {"name": name, **fields}}


@pytest.mark.parametrize(
    ("sections", "line"),
    [
        (model(prior="vamp", posterior="iaf"), "'vamp', which needs config.model.posterior=diagonal_gaussian"),
        (model(posterior="von_mises_fisher"), "'von_mises_fisher', which needs a prior on the unit sphere"),
        (model(posterior="von_mises_fisher", prior="flow"), "'von_mises_fisher', which needs a prior on the unit sph"),
        (model(prior="uniform_sphere"), "'uniform_sphere', which needs config.model.posterior=von_mises_fisher"),
        (
            model(posterior="von_mises_fisher", prior="uniform_sphere", latent_dim=1),
            "latent_dim: found 1; config.model.posterior=von_mises_fisher needs at least 2",
        ),
        (model(posterior="fsq"), "'fsq', which needs config.model.prior=uniform_codes"),
        (model(posterior="vq"), "'vq', which needs config.model.prior=uniform_codes"),
        (model(prior="uniform_codes"), "'uniform_codes', which needs config.model.posterior=fsq or vq"),
        (
            model(name="ladder", posterior="iaf"),
            "model.posterior: found 'iaf', which config.model.name=ladder does not",
        ),
        (model(name="ladder", prior="vamp"), "model.prior: found 'vamp', which config.model.name=ladder does not use"),
        (
            model(posterior="vq", prior="uniform_codes") | objective("iwae_dreg", samples=2),
            "'iwae_dreg', which needs config.model.name=vae and a post",
        ),
        (
            model(name="ladder") | objective("iwae_dreg", samples=2),
            "'iwae_dreg', which needs config.model.name=vae and a post",
        ),
        (model(posterior="iaf") | objective("beta_tc"), "'beta_tc', which needs config.model.name=vae and a posterior"),
        (model(posterior="fsq", prior="uniform_codes") | objective("beta_tc"), "'beta_tc', which needs"),
        (model(name="ladder") | objective("beta_tc"), "'beta_tc', which needs"),
        (
            objective("iwae", samples=2, reduction="blog"),
            "reduction: found 'blog'; config.objective.name=iwae needs nats",
        ),
        (
            objective("iwae", samples=2, free_bits=0.5),
            "free_bits: found 0.5, of which config.objective.name=iwae makes no use",
        ),
        (
            objective("iwae"),
            "samples: found 1; config.objective.name=iwae compares the samples of an image; needs 2 or more",
        ),
        (objective("piwae"), "samples: found 1; config.objective.name=piwae compares"),
        (
            objective("miwae", samples=5),
            "objectives.miwae.groups: found 2, which does not divide the 5 of config.objec",
        ),
        (objective("ciwae", samples=2, reduction="blog"), "reduction: found 'blog'; config.objective.name=ciwae needs"),
        (model(name="ladder") | objective("piwae", samples=4), "'piwae', which needs config.model.name=vae"),
        (objective("capacity", free_bits=0.5), "free_bits: found 0.5, of which config.objective.name=capacity makes"),
        (
            objective("capacity") | {"train": {"data_devices": 2}},
            "data_devices: found 2 with config.objective.name=cap",
        ),
        (objective("factor", samples=2), "samples: found 2; config.objective.name=factor uses one"),
        (objective("beta_tc") | {"train": {"batch_size": 1}}, "batch_size: found 1; config.objective.name=beta_tc"),
        (
            objective("beta_tc") | {"train": {"data_devices": 2}},
            "data_devices: found 2 with config.objective.name=beta",
        ),
        (objective("factor") | {"train": {"data_devices": 2}}, "data_devices: found 2 with config.objective.name=fact"),
        (objective("elbo", free_bits=1.0) | {"train": {"data_devices": 2}}, "data_devices: found 2 with free_bits"),
        (
            model(posterior="vq", prior="uniform_codes") | {"train": {"data_devices": 2}},
            "data_devices: found 2 with config.model.posterior=vq",
        ),
        (
            model(posterior="vq", prior="uniform_codes") | {"parts": {"posteriors": {"vq": {"positions": 3}}}},
            "posteriors.vq.positions: found 3, which does not divide",
        ),
        (model(encoder="conv") | {"parts": {"encoders": {"conv": {"widths": (2,) * 9}}}}, "found 9 layers for 6x6"),
        (model(decoder="conv") | {"parts": {"decoders": {"conv": {"widths": ()}}}}, "found 0 layers for 6x6"),
    ],
)
def test_a_pair_that_does_not_fit_is_refused_in_one_line(sections, line):
    with pytest.raises(UserError) as told:
        check(**sections)
    assert line in str(told.value)
    assert "\n" not in str(told.value)


def test_labels_of_one_class_are_refused_as_a_condition():
    one = dataclasses.replace(DATASET, class_names=("all",), train=_of_one(DATASET.train), test=_of_one(DATASET.test))
    with pytest.raises(UserError, match=r"data\.condition: found 'labels' for a data set of one class"):
        check(one, data={"condition": "labels"})
    check(one)


def _of_one(split):
    return Split(split.images, np.zeros(len(split), np.int32))


@pytest.mark.parametrize(
    "sections",
    [
        model(posterior="iaf") | objective("iwae_dreg", samples=3),
        model(prior="vamp") | objective("iwae_dreg", samples=3) | {"data": {"condition": "labels"}},
        model(prior="vamp", posterior="von_mises_fisher") | objective("iwae_dreg", samples=2),
        model(posterior="coupling") | objective("iwae_dreg", samples=2) | SHALLOW,
        model(posterior="vq", prior="uniform_codes", encoder="conv", decoder="conv"),
        model(name="ladder") | objective("factor") | {"data": {"condition": "labels", "binarise": "drawn"}},
    ],
    ids=["iaf", "vamp", "vmf", "coupling", "vq", "ladder"],
)
def test_parts_that_fit_pass(sections):
    check(**sections)


def test_any_member_is_checked_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(collection, "load", lambda *_: DATASET)
    folder = RunFolder(tmp_path / "run")
    for line in ("prior=standard_normal,uniform_codes", "free_bits=0,0.5"):
        config = small_config(sweep=(line,), objective={"name": "iwae", "samples": 2})
        with pytest.raises(UserError, match=r"uniform_codes|free_bits: found 0\.5"):
            plan_run(folder, config)
    assert not list(tmp_path.iterdir())
