"""`--help`: kinds, parts and settings, from their docstrings."""

import dataclasses

import pytest
import strangers

from vae_jax.cli.part_help import attributes_of, help_of, kinds_listed
from vae_jax.config.parts import default_settings
from vae_jax.config.schema import Config
from vae_jax.core.errors import UserError
from vae_jax.core.registry import KINDS, registry_of
from vae_jax.main import main


def test_every_kind_is_listed_with_its_field_and_its_parts():
    page = kinds_listed()
    for kind, (field, *_) in KINDS.items():
        assert f"--config.{field}={'|'.join(registry_of(kind))}" in page


def test_the_page_of_a_part_has_settings_with_defaults_limits_and_meaning():
    page = help_of("iaf")
    assert "A diagonal normal transformed by autoregressive blocks" in page
    assert (
        "--config.posteriors.iaf.blocks=2   (at least 1, at most 100)\n      number of autoregressive blocks." in page
    )
    assert "members of one program may differ in it" in help_of("adam")


def test_the_page_of_a_kind_lists_parts_and_that_of_a_section_fields():
    assert "diagonal_gaussian  A mean and a standard deviation" in help_of("posterior")
    assert "--config.train.batch_size=128" in help_of("train")


def test_a_name_of_several_kinds_gives_all_pages_or_one():
    assert "encoder conv" in help_of("conv")
    assert "decoder conv" in help_of("conv")
    assert "decoder conv" not in help_of("encoders.conv")


@pytest.mark.parametrize(
    ("word", "message"), [("iaff", "did you mean 'iaf'"), ("xyzzy", "kinds of parts are"), ("encoders.mlpp", "found")]
)
def test_an_unknown_word_is_one_line(word, message, capsys):
    with pytest.raises(UserError, match=message):
        help_of(word)
    assert main(["vae_jax.main", "--help", word]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("where", ["--help=laplacian", "--help laplacian"])
def test_imported_parts_have_pages_too(where, capsys):
    with strangers.none_left():
        file = next(file for file in strangers.FILES if file.stem == "laplace_posterior")
        assert main(["vae_jax.main", f"--import={file}", *where.split()]) == 0
    assert "posteriors.laplacian.floor=0.001" in capsys.readouterr().out


def test_every_setting_has_a_meaning():
    """Of the config's sections and of every part, those from outside included."""
    with strangers.registered():
        sections = {".".join(where): type(own) for where, own in default_settings().items()}
    sections |= {f.name: type(f.default) for f in dataclasses.fields(Config) if dataclasses.is_dataclass(f.default)}
    missing = [
        f"{name}.{entry.name}"
        for name, own in sections.items()
        for entry in dataclasses.fields(own)
        if not attributes_of(own).get(entry.name)
    ]
    assert missing == []
