"""Which members train together, and what happens to them when a sweep grows."""

import dataclasses
import json

import pytest
from small_runs import small_config, small_dataset

from vae_jax.config.checks import Role
from vae_jax.config.fields import differences, field_of, fields_of, leaf_fields
from vae_jax.config.growth import growth_faults
from vae_jax.config.parts import all_settings
from vae_jax.config.sweep_language import expand
from vae_jax.core.errors import UserError
from vae_jax.core.registry import KINDS, registry_of
from vae_jax.data.contrast import CONTRASTS
from vae_jax.models.dense import ACTIVATIONS
from vae_jax.models.initialisers import INITIALISERS
from vae_jax.training.groups import plan_groups, read_members, write_members

DATASET = small_dataset()


def plan(folder, *sweep, most=100, **sections):
    configs = expand(small_config(sweep=sweep, **sections))
    return plan_groups(configs, lambda config: DATASET, folder, lambda spec, config: most)


def begun(folder, *sweep, **sections):
    """Plan, and write the members as a run does when it starts."""
    groups = plan(folder, *sweep, **sections)
    for group in groups:
        write_members(folder / group.name, group)
    return groups


def who(groups):
    return [(group.name, group.numbers) for group in groups]


def test_members_that_differ_in_hyperparameters_share_a_program(tmp_path):
    sweep = ("zip(beta_kl=1,2;latent_dim=2,3;seed=0,1;learning_rate=1e-3,1e-4;free_bits=0,0.1)",)
    sweep = (*sweep, "zip(schedule=constant,cosine;optimisers.adam.b1=0.9,0.5)")
    rises = ("warmup=constant,linear,delayed,sigmoid,cosine,cyclical", "zip(warmup_steps=1,2;warmup_cycles=2,3)")
    (group,) = plan(tmp_path, *sweep, *rises, most=1000)
    assert len(group.configs) == 2 * 2 * 6 * 2
    assert group.spec.latent_dim == 3


@pytest.mark.parametrize(
    "line",
    [
        "hidden=(8,)|(4,)",
        "train.batch_size=5,10",
        "likelihood=mse,bernoulli",
        "epochs=2,4",
        "levels=255,256",
    ],
)
def test_members_that_differ_in_shapes_or_parts_have_a_program_for_each(tmp_path, line):
    groups = plan(tmp_path, line, "seed=0,1")
    assert who(groups) == [("group_0", (0, 1)), ("group_1", (2, 3))]
    assert len({(group.spec, group.epochs) for group in groups}) == 2


def two_values(field):
    """Two values of a field for a sweep."""
    entry, default = metadata_of(field), field_of(small_config(), field)
    if isinstance(default, bool):
        return "False,True"
    if isinstance(default, tuple):
        return "(8,)|(4,)"
    if field in ("data.levels", "log.every_steps"):
        return {"data.levels": "255,256", "log.every_steps": "0,1"}[field]
    if isinstance(default, (int, float)):
        low, high = default or 0.25 * (1 + 3 * isinstance(default, int)), entry.get("high") or entry.get("below")
        return f"{low:g},{low / 2:g}" if high is not None and 2 * low >= high else f"{low:g},{2 * low:g}"
    kinds = [kind for kind, of in KINDS.items() if of.field == field]
    named = registry_of(kinds[0]) if kinds else REGISTRIES.get(field, entry.get("choices", ("here", "there")))
    return ",".join(list(named)[:2])


REGISTRIES = {"model.activation": ACTIVATIONS, "model.init": INITIALISERS, "data.contrast": CONTRASTS}


def metadata_of(field):
    """The metadata of a field."""
    config, (*sections, last) = small_config(), field.split(".")
    owner = all_settings(config.parts)[tuple(sections)] if len(sections) == 2 else config
    if len(sections) == 1:
        owner = getattr(config, sections[0])
    return next(entry.metadata for entry in dataclasses.fields(owner) if entry.name == last)


def chosen(field):
    """Sections of settings that choose the part that a field belongs to."""
    if field.count(".") < 2:
        return {}
    section, name, _ = field.split(".")
    where, last = next(kind.field for kind in KINDS.values() if kind.section == section).split(".")
    return {where: {last: name}}


@pytest.mark.parametrize("field", [name for name in leaf_fields() if name != "sweep"])
def test_every_field_can_be_swept_in_one_program_where_it_is_traced(tmp_path, field):
    """Members that differ only in this field."""
    traced, role = metadata_of(field).get("traced"), field not in fields_of(Role.LEARNED)
    groups = plan(tmp_path, f"{field}={two_values(field)}", **chosen(field))
    one, other = (member for group in groups for member in group.configs)
    assert [line.partition(":")[0] for line in differences(one, other)] == [field]
    assert [fault.partition(":")[0] for fault in growth_faults(one, other)] == ([] if role else [field])
    if not role:
        assert len(groups) == (1 if traced else 2)


@pytest.mark.parametrize("field", ["optimiser.clip", "optimiser.ema"])
def test_a_number_that_is_off_at_0_has_a_program_of_its_own_there(tmp_path, field):
    groups = plan(tmp_path, f"{field}=0,0.5,0.9")
    assert [group.numbers for group in groups] == [(0,), (1, 2)]


def test_parts_whose_size_is_not_traced_have_a_program_for_each_size(tmp_path):
    model = {"posterior": "vq", "prior": "uniform_codes"}
    assert [group.spec.latent_dim for group in plan(tmp_path, "latent_dim=2,3", model=model)] == [2, 3]


@pytest.mark.parametrize(
    "line",
    ["contrast=none,stretch", "eval.every_epochs=1,2", "keep=1,2", "tensorboard=True,False", "members_per_step=1,2"],
)
def test_members_with_different_images_logged_moments_or_devices_share_no_program(tmp_path, line):
    assert who(plan(tmp_path, line, "seed=0,1")) == [("group_0", (0, 1)), ("group_1", (2, 3))]


def test_members_are_planned_for_their_own_images(tmp_path):
    def data_of(config):
        return small_dataset(n=60 if config.data.contrast == "none" else 120)

    configs = expand(small_config(sweep=("contrast=none,stretch",), train={"steps_per_epoch": 0}))
    groups = plan_groups(configs, data_of, tmp_path, lambda spec, config: 100)
    assert [(group.steps_per_epoch, group.spec.images_per_pass) for group in groups] == [(5, 50), (10, 100)]


def test_a_grid_too_large_for_the_memory_is_split(tmp_path):
    assert [len(group.configs) for group in plan(tmp_path, "seed=range(7)", most=3)] == [3, 3, 1]


def test_members_are_recognised_despite_rounding_errors_in_their_settings(tmp_path):
    begun(tmp_path, "beta_kl=1,9.999999999999998")
    grown = plan(tmp_path, "beta_kl=1,10,100")
    assert who(grown) == [("group_0", (0, 1)), ("group_1", (2,))]
    assert [config.objective.beta_kl for config in grown[0].configs] == [1, 10]


def test_a_continued_run_has_the_same_groups(tmp_path):
    sweep = ("hidden=(8,)|(4,)", "seed=0,1,2")
    first = begun(tmp_path, *sweep)
    assert plan(tmp_path, *sweep, most=1) == first


def test_a_sweep_that_grows_keeps_its_members_numbers_and_adds_the_new_ones(tmp_path):
    first = begun(tmp_path, "beta_kl=1,4", "seed=0,1")
    grown = plan(tmp_path, "beta_kl=0.5,1,4", "seed=0,1,2")
    assert grown[:1] == first
    (new,) = grown[1:]
    assert new.name == "group_1"
    assert new.numbers == (4, 5, 6, 7, 8)
    assert [(c.objective.beta_kl, c.seed) for c in new.configs] == [(0.5, 0), (0.5, 1), (0.5, 2), (1, 2), (4, 2)]


def test_more_epochs_continue_the_same_members(tmp_path):
    (first,) = begun(tmp_path, "seed=0,1", train={"epochs": 4})
    (longer,) = plan(tmp_path, "seed=0,1", train={"epochs": 9})
    assert (longer.name, longer.numbers, longer.spec) == (first.name, first.numbers, first.spec)
    assert (first.total, longer.total) == (20, 45)


def test_members_with_figures_can_have_more_epochs_and_more_figures(tmp_path):
    first = begun(tmp_path, "figure_members=0,4", train={"epochs": 4})
    for sweep in ("figure_members=0,4", "figure_members=8,0"):
        longer = plan(tmp_path, sweep, train={"epochs": 9})
        assert who(longer) == who(first)
        assert {group.total for group in longer} == {45}
    assert [config.eval.figure_members for group in longer for config in group.configs] == [0, 8]


def test_members_continue_with_other_folders_and_upkeep(tmp_path):
    first = begun(tmp_path, "seed=0,1")
    moved = plan(tmp_path, "seed=0,1", data={"raw_dir": "moved"}, checkpoint={"keep": 7}, train={"data_devices": 1})
    assert who(moved) == who(first)
    assert {(c.data.raw_dir, c.checkpoint.keep) for group in moved for c in group.configs} == {("moved", 7)}


def test_members_that_began_together_stay_together(tmp_path):
    begun(tmp_path, "seed=0,1", data={"raw_dir": "A"})
    with pytest.raises(UserError, match=r"members 0 and 1 began together .*data.raw_dir: 'A' -> 'B'"):
        plan(tmp_path, "zip(seed=0,1;raw_dir=A,B)")


def test_a_list_of_members_is_read_back(tmp_path):
    (group,) = begun(tmp_path, "seed=0,1", "hidden=(8,)")
    assert read_members(tmp_path / "group_0") == list(zip(group.numbers, group.configs, strict=True))


def test_an_older_list_of_members_gets_the_defaults_of_newer_fields(tmp_path):
    first = begun(tmp_path, "seed=0,1")
    file = tmp_path / "group_0" / "members.json"
    noted = json.loads(file.read_text())
    for entry in noted:
        del entry["config"]["train"]["on_nan"], entry["config"]["log"]
    file.write_text(json.dumps(noted))
    assert plan(tmp_path, "seed=0,1") == first


@pytest.mark.parametrize("content", ["", "[{]", '[{"member": 0}]', '[{"member": 0, "config": {"seed": -1}}]', "3"])
def test_a_damaged_list_of_members_is_named(tmp_path, content):
    begun(tmp_path, "seed=0")
    (tmp_path / "group_0" / "members.json").write_text(content)
    with pytest.raises(UserError, match=r"members\.json: can't be read") as error:
        plan(tmp_path, "seed=0")
    assert "\n" not in str(error.value)


def test_moments_that_do_not_divide_an_epoch_are_refused_with_one_that_does(tmp_path):
    with pytest.raises(UserError, match=r"log\.every_steps: found 4, .* 5 steps; needs a divisor, such as 5"):
        plan(tmp_path, log={"every_steps": 4})


def test_devices_that_do_not_divide_a_batch_are_refused(tmp_path):
    with pytest.raises(UserError, match=r"data_devices: found 3, which does not divide the batch of 10"):
        plan(tmp_path, train={"data_devices": 3})


def test_free_bits_need_the_whole_batch_on_one_device(tmp_path):
    with pytest.raises(UserError, match=r"data_devices: found 2 with free_bits, which count over a whole batch"):
        plan(tmp_path, train={"data_devices": 2}, objective={"free_bits": 0.1})


def test_fewer_images_than_a_batch_are_refused(tmp_path):
    assert plan(tmp_path, train={"batch_size": 50})
    with pytest.raises(UserError, match=r"batch_size: found 51 for 50 training images"):
        plan(tmp_path, train={"batch_size": 51})


def test_evaluations_and_checkpoints_are_spread_over_the_run(tmp_path):
    (group,) = plan(tmp_path, train={"epochs": 100, "steps_per_epoch": 1000})
    assert (group.evaluate_every, group.save_every, group.block) == (10, 5, 1000)
    assert dataclasses.replace(group, epochs=3).total == 3000


def test_few_small_epochs_are_evaluated_less_often(tmp_path):
    """50 epochs of 5 steps of 2 images cost 1,500 passes; a twentieth of that evaluates 10 test images 7 times."""
    (group,) = plan(tmp_path, train={"epochs": 50, "batch_size": 2, "steps_per_epoch": 5})
    assert group.evaluate_every == 8
    (group,) = plan(tmp_path, train={"epochs": 4, "batch_size": 2, "steps_per_epoch": 5})
    assert group.evaluate_every == 4


@pytest.mark.parametrize(("epochs", "save_every"), [(9, 3), (100, 25), (400, 50), (5000, 250)])
def test_a_run_of_few_images_is_saved_less_often(tmp_path, epochs, save_every):
    """Epochs have 1,000 images here; there is a checkpoint for every 50,000, at least four and at most twenty."""
    (group,) = plan(tmp_path, train={"epochs": epochs, "batch_size": 10, "steps_per_epoch": 100})
    assert group.save_every == save_every
