"""An exported member of a sweep equals its single run."""

import json

import numpy as np
import pytest
from small_runs import ONE_DRAWN, digits_command, small_config

from vae_jax.config.sweep_language import expand
from vae_jax.core.errors import UserError
from vae_jax.main import main
from vae_jax.runs import end_likelihood
from vae_jax.runs.command import Pick
from vae_jax.runs.export import choose, number_of_best
from vae_jax.runs.folder import RunFolder
from vae_jax.runs.load import load_run
from vae_jax.training.checkpoints import Checkpoints

SWEEP = ("--sweep=beta_kl=0.5,4", "--sweep=latent_dim=2,3")


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "sweep"
    assert main(digits_command(folder, *SWEEP)) == 0
    return folder


def export(sweep, out, *pick):
    return main(["vae_jax.main", "--mode=export", f"--workdir={sweep}", f"--out={out}", *pick])


def arrays(folder):
    checkpoints = Checkpoints(folder / "checkpoints" / "group_0", 1)
    return {name: np.asarray(leaf) for name, leaf in checkpoints._checkpointer.load(20).items()}


def test_it_is_an_ordinary_run_folder_with_the_members_numbers(sweep, tmp_path):
    assert export(sweep, tmp_path / "one", "--member=1") == 0
    summary = json.loads((sweep / "summary.json").read_text())["members"][1]
    (alone,) = json.loads((tmp_path / "one" / "summary.json").read_text())["members"]
    assert alone == summary | {"member": 0}
    assert alone["values"] == {"seed": 0, "beta_kl": 0.5, "latent_dim": 3}
    lines = [json.loads(line) for line in (sweep / "metrics.jsonl").read_text().splitlines()]
    mine = [json.loads(line) for line in (tmp_path / "one" / "metrics.jsonl").read_text().splitlines()]
    assert mine == [line | {"member": 0} for line in lines if line["member"] == 1]
    assert (tmp_path / "one" / "report.html").is_file()
    assert not (tmp_path / "one" / "members.csv").exists()
    loaded, within = load_run(tmp_path / "one"), load_run(sweep, member=1)
    assert loaded.title == within.title
    for name, array in loaded.encode(loaded.test.images)._asdict().items():
        np.testing.assert_array_equal(array, getattr(within.encode(within.test.images), name))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("where", "beta_kl", "latent_dim"), [("beta_kl=0.5,latent_dim=2", 0.5, 2), ("beta_kl=4,latent_dim=3", 4.0, 3)]
)
def test_it_equals_the_single_run_and_continues_like_it(sweep, tmp_path, where, beta_kl, latent_dim):
    alone = (f"--config.objective.beta_kl={beta_kl}", f"--config.model.latent_dim={latent_dim}")
    assert main(digits_command(tmp_path / "alone", *alone)) == 0
    assert export(sweep, tmp_path / "one", f"--where={where}") == 0
    ours, theirs = arrays(tmp_path / "one"), arrays(tmp_path / "alone")
    assert ours.keys() == theirs.keys()
    for name in ours:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=0, atol=1e-5 * max(np.abs(theirs[name]).max(), 1e-3))
    assert main(digits_command(tmp_path / "one", *alone, "--config.train.epochs=5", ONE_DRAWN)) == 0
    assert json.loads((tmp_path / "one" / "summary.json").read_text())["members"][0]["train"]["step"] == 25
    assert {"morphs", "reconstructions"} <= set(load_run(tmp_path / "one").figures())


def chosen(sweep, **pick):
    folder = RunFolder(sweep)
    return choose(Pick(**pick), folder, dict(enumerate(expand(folder.read_config()))))


@pytest.mark.parametrize(
    ("where", "member"), [("beta_kl=4,latent_dim=3", 3), ("objective.beta_kl=0.5,model.latent_dim=2", 0)]
)
def test_a_member_can_be_chosen_by_its_values(sweep, where, member):
    assert chosen(sweep, where=where) == member


@pytest.mark.parametrize(("metric", "best"), [("test.elbo", max), ("test.distortion", min), ("train.kl", min)])
def test_a_member_can_be_chosen_as_the_best(sweep, metric, best):
    split, _, name = metric.partition(".")
    members = json.loads((sweep / "summary.json").read_text())["members"]
    found = [member[split][name] for member in members]
    assert chosen(sweep, best=metric) == found.index(best(found))


def test_a_member_without_a_finite_metric_is_not_the_best(tmp_path):
    """A loss may be infinite in a member that did not fail."""
    found = [(None, {}), (None, {"elbo": -3.0}), (None, {"elbo": -2.0}), (5, {"elbo": 9.0})]
    members = [
        {"member": k, "values": {}, "parameters": 9, "failed_in_step": failed, "train": {}, "test": test}
        for k, (failed, test) in enumerate(found)
    ]
    folder, seconds = RunFolder(tmp_path), dict.fromkeys(("compile", "train", "total"), 1.0)
    folder.write_summary({"data": {}, "seconds": seconds, "versions": {}, "members": members})
    assert number_of_best("test.elbo", folder, "--best") == 2
    folder.write_summary({"data": {}, "seconds": seconds, "versions": {}, "members": members[3:]})
    with pytest.raises(UserError, match=r"^best: no member of .* came to a result"):
        number_of_best("test.elbo", folder, "best")
    folder.summary.write_text("{}")
    with pytest.raises(UserError, match=r"^best: no whole .*summary\.json; let the run come to its end"):
        number_of_best("test.elbo", folder, "best")


def test_members_that_do_not_compare_have_no_best_until_one_kind_is_chosen(tmp_path):
    """A density over the reals does not compare with a mass over {0, 1}."""
    kinds = ("bernoulli", "gaussian", "mse")
    members = [
        {"member": k, "values": {"likelihood": kind}, "parameters": 9, "failed_in_step": None, "train": {},
         "test": {"elbo": float(k), "rate": 9.0 - k}}
        for k, kind in enumerate(kinds)
    ]  # fmt: skip
    folder, seconds = RunFolder(tmp_path), dict.fromkeys(("compile", "train", "total"), 1.0)
    folder.write_summary({"data": {}, "seconds": seconds, "versions": {}, "members": members})
    with pytest.raises(UserError) as refused:
        number_of_best("test.elbo", folder, "--best")
    assert str(refused.value) == (
        "--best: test.elbo compares only within members of one kind, found likelihood over {0, 1} | likelihood over "
        "the reals; choose a kind by --where=FIELD=VALUE too, or use a metric that compares (test.rate)"
    )
    assert number_of_best("test.rate", folder, "--best") == 2
    assert number_of_best("test.elbo", folder, "--best", [1, 2]) == 2
    configs = dict(enumerate(expand(small_config(sweep=(f"likelihood={','.join(kinds)}",)))))
    assert choose(Pick(where="likelihood=bernoulli", best="test.elbo"), folder, configs) == 0
    with pytest.raises(
        UserError, match=r"^--where: likelihood=x holds for 0 members; .*likelihood is bernoulli, gaussian"
    ):
        choose(Pick(where="likelihood=x", best="test.elbo"), folder, configs)


@pytest.mark.parametrize(
    ("pick", "said"),
    [
        ([], "found none of them; needs one of --member=K"),
        (["--member=1", "--best=test.elbo"], "found --member and --best; needs one"),
        (["--member=4"], "--member: found 4; the run has members 0 to 3"),
        (["--where=beta_kl=4"], "holds for 2 members (2, 3); needs to hold for one"),
        (["--where=beta_kl=7"], "beta_kl=7 holds for 0 members; needs to hold for one; beta_kl is 0.5, 4"),
        (["--where=beta=7"], "no such field"),
        (["--best=test.elob"], "did you mean 'test.elbo'?"),
    ],
)
def test_an_unknown_or_ambiguous_member_is_refused_and_nothing_is_written(sweep, tmp_path, capsys, pick, said):
    assert export(sweep, tmp_path / "one", *pick) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert said in line
    assert not list(tmp_path.iterdir())


def test_it_is_not_written_into_the_run_that_it_comes_from(sweep, tmp_path, capsys):
    (tmp_path / "link").symlink_to(sweep)
    before = sorted(sweep.rglob("*"))
    for out in (sweep / "one", sweep / "checkpoints" / "group_1", tmp_path / "link" / "one"):
        assert export(sweep, out, "--member=0") == 2
        assert "lies in the folder of the run that it comes from" in capsys.readouterr().err
    assert sorted(sweep.rglob("*")) == before


def test_existing_folders_are_not_overwritten(sweep, tmp_path, capsys):
    (tmp_path / "one").mkdir()
    assert export(sweep, tmp_path / "one", "--member=0") == 2
    assert "is there already; use another --out" in capsys.readouterr().err


@pytest.mark.slow
def test_the_likelihood_is_taken_over(tmp_path, monkeypatch):
    estimated = ("--sweep=beta_kl=0.5,4", "--config.eval.nll_samples=20")
    assert main(digits_command(tmp_path / "run", *estimated)) == 0
    monkeypatch.setattr(end_likelihood, "log_likelihoods", None)  # it is not estimated again
    assert export(tmp_path / "run", tmp_path / "one", "--member=1") == 0
    both = [json.loads((tmp_path / name / "summary.json").read_text())["members"] for name in ("run", "one")]
    assert both[1][0]["test"]["nll"] == both[0][1]["test"]["nll"]
