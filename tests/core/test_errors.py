"""Errors for users are one line, whatever their files are called."""

from hypothesis import given
from hypothesis import strategies as st

from vae_jax.core.errors import UserError, nearest


@given(st.text(st.characters(), max_size=30))
def test_an_error_is_one_printable_line(message):
    shown = str(UserError(message))
    assert shown.encode().decode() == shown
    assert len(shown.splitlines()) <= 1
    assert shown.isprintable()


def test_printable_text_is_unchanged():
    assert str(UserError("runs/été: found '3'; needs 4")) == "runs/été: found '3'; needs 4"
    assert str(UserError("a\nb\x0c\udcff")) == r"a\nb\x0c\udcff"


def test_only_a_near_name_is_suggested():
    assert nearest("epohcs", ["epochs", "seed"]) == "; did you mean 'epochs'?"
    assert nearest("latent", ["epochs", "seed"]) == ""
