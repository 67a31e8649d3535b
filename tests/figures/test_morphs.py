"""Strips of morphs, the starts' losses, and the cover."""

import numpy as np
import pytest
from picture_edges import beyond_the_edge
from slow_cases import slow_after

from vae_jax.evaluation.morphs import Morph, ReferenceSet
from vae_jax.figures.cover import cover
from vae_jax.figures.morphs import losses, reconstruction, strip, strip_sheet

LONG = "a name of a picture that goes on and on WWWWWWWWWWWWWWWW"


def reference(latent=3, classes=3, hidden=(1000,), notice="", **fields):
    draw = np.random.default_rng(0)
    return ReferenceSet(
        **{
            "title": "invented · 3 latent",
            "notice": notice,
            "class_names": tuple(f"class {k}" for k in range(classes)),
            "labels": (np.arange(60) % classes).astype(np.int32),
            "mu": draw.normal(0, 2, (60, latent)).astype(np.float32),
            "losses": draw.gamma(4, 40, 60).astype(np.float32),
            "loss_unit": "nats per image",
            "encoder_sizes": (2500, *hidden, latent),
            "decoder_sizes": (latent, *hidden, 2500),
        }
        | fields
    )


def morph(name="friend", steps=25, latent=3, shape=(8, 8, 1), loss=100.0):
    draw = np.random.default_rng(1)
    images = draw.integers(0, 255, (steps + 3, *shape)).astype(np.uint8)
    way = draw.normal(size=(steps, latent)).astype(np.float32)
    return Morph(name, images[0], images[1], images[2], loss, way, images[3:])


def test_a_strip_begins_and_ends_with_the_originals_and_has_all_frames_between():
    shown = morph(steps=5)
    sheet = strip_sheet(shown, 25, 1)
    assert sheet.shape == (8, 8 + 2 + (5 * 8 + 4 * 2) + 2 + 8, 3)
    np.testing.assert_array_equal(sheet[:, :8], np.broadcast_to(shown.start, (8, 8, 3)))
    np.testing.assert_array_equal(sheet[:, -8:], np.broadcast_to(shown.end, (8, 8, 3)))
    for k, frame in enumerate(shown.frames):
        np.testing.assert_array_equal(sheet[:, 10 + 10 * k : 18 + 10 * k], np.broadcast_to(frame, (8, 8, 3)))


def test_a_strip_of_many_frames_has_the_first_the_last_and_some_between():
    shown = morph(steps=100)
    sheet = strip_sheet(shown, 3, 1)
    for place, k in ((10, 0), (20, 50), (30, 99)):
        np.testing.assert_array_equal(sheet[:, place : place + 8, 0], shown.frames[k][..., 0])


def lines_of(figure):
    return [float(line.get_xdata()[0]) for axes in figure.axes for line in axes.lines if line.get_linestyle() == "--"]


def test_the_loss_of_each_start_has_a_dashed_line():
    assert lines_of(reconstruction(morph(loss=123.0), reference())) == [123]
    many = [morph(f"friend {k}", loss=100.0 + 50 * k) for k in (3, 0, 9)]
    assert lines_of(losses(many, reference())) == [100, 250, 550]


def test_lines_are_named_or_counted_if_there_are_many():
    named = losses([morph("ann", loss=90), morph("bob", loss=120)], reference()).axes[0].get_legend()
    assert [text.get_text() for text in named.get_texts()][-2:] == ["ann (90)", "bob (120)"]
    counted = losses([morph(f"f{k}", loss=90 + k) for k in range(12)], reference()).axes[0].get_legend()
    assert [text.get_text() for text in counted.get_texts()][-1] == "12 pictures"


def test_the_cover_has_the_path_of_each_strip_in_the_latent_space():
    shown = [morph(f"f{k}", latent=2) for k in range(3)]
    ways = [line.get_xydata() for axes in cover(shown, reference(latent=2)).axes for line in axes.lines]
    for each in shown:
        assert any(way.shape == each.way.shape and np.allclose(way, each.way) for way in ways)


def test_the_schematic_shows_the_units_of_every_layer():
    figure = cover([morph()], reference(hidden=(1500, 200)))
    said = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert {"2,500", "1,500→200", "encoder", "decoder", "3"} <= set(said)


def test_the_schematic_names_networks_that_are_not_dense_and_posteriors_without_sigma():
    model = {"encoder_sizes": (2500, "conv", 3), "decoder_sizes": (3, "conv", 2500), "posterior": "iaf"}
    figure = cover([morph()], reference(**model))
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert texts.count("conv") == 2
    assert "z ~ q(z|x): iaf" in texts
    assert not {"\N{GREEK SMALL LETTER MU}", "\N{GREEK SMALL LETTER SIGMA}"} & set(texts)


CASES = {
    "a flow and convolutions": (
        [morph()],
        reference(encoder_sizes=(2500, "conv", 3), decoder_sizes=(3, "conv", 2500), posterior="iaf"),
    ),
    "one of few": ([morph()], reference()),
    "long names and a notice": (
        [morph(LONG)],
        reference(notice="a notice that goes on. " * 12, title="a title · " * 20),
    ),
    "ten with long names": ([morph(LONG + str(k), loss=100.0 * k) for k in range(10)], reference()),
    "many": ([morph(f"f{k}") for k in range(30)], reference(class_names=("W" * 30,) * 3)),
    "a loss far from the others": ([morph(loss=1e6)], reference()),
    "one latent unit and one class": ([morph(latent=1)], reference(latent=1, classes=1)),
    "ten classes, no hidden layers": ([morph()], reference(classes=10, hidden=())),
    "many layers": ([morph()], reference(hidden=(10_000, 1000, 500, 200))),
    "two frames, no squares, colour": ([morph(steps=2, shape=(28, 20, 3))], reference()),
    "equal losses": ([morph(loss=5.0)], reference(losses=np.full(60, 5, np.float32))),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", slow_after(4, CASES))
def test_any_morphs_can_be_drawn_and_nothing_is_cut_off(name):
    morphs, behind = CASES[name]
    for figure in (
        strip(morphs[0], behind),
        reconstruction(morphs[0], behind),
        losses(morphs, behind),
        cover(morphs, behind),
    ):
        assert beyond_the_edge(figure) == {}
