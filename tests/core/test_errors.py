"""What users are told is one line, whatever their files are called."""

from hypothesis import given
from hypothesis import strategies as st

from vae_jax.core.errors import UserError, nearest


@given(st.text(st.characters(), max_size=30))
def test_it_is_one_line_that_can_be_written(said):
    shown = str(UserError(said))
    assert shown.encode().decode() == shown
    assert len(shown.splitlines()) <= 1
    assert shown.isprintable()


def test_what_can_be_read_stays_as_it_is():
    assert str(UserError("runs/été: found '3'; needs 4")) == "runs/été: found '3'; needs 4"
    assert str(UserError("a\nb\x0c\udcff")) == r"a\nb\x0c\udcff"


def test_only_a_near_name_is_proposed():
    assert nearest("epohcs", ["epochs", "seed"]) == "; did you mean 'epochs'?"
    assert nearest("latent", ["epochs", "seed"]) == ""
