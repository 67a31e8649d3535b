"""The outcome of every file: a table, and summaries in one line."""

import csv
import os
from pathlib import Path

import pytest

from vae_jax.core.errors import UserError
from vae_jax.data.faces.photographs.outcomes import (
    TABLE,
    Outcome,
    as_utf8,
    class_names,
    describe_kept,
    describe_skipped,
    describe_split,
    read_outcomes,
    write_outcomes,
)
from vae_jax.data.faces.photographs.photo import Photo


def photo(name, class_name="people", layout="UTKFace", **facts):
    return Photo(Path(name), class_name, layout, None, **facts)


OUTCOMES = [
    Outcome(photo("a,\n\"b'.jpg", age=3, gender=0, race=4), "train"),
    Outcome(photo("<script>alert(1)</script>.jpg", layout="LFW"), "test"),
    Outcome(photo("d é.jpg", "dogs", "Columbia Dogs", breed="pug, black"), "train", group="7"),
    Outcome(photo("gone.jpg", "dogs"), reason="not a file"),
]


def test_the_table_has_the_facts_and_the_outcome_of_every_file(tmp_path):
    write_outcomes(tmp_path, OUTCOMES)
    with (tmp_path / TABLE).open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["file"] for row in rows] == [str(outcome.photo.path) for outcome in OUTCOMES]
    assert (rows[0]["age"], rows[0]["gender"], rows[0]["race"], rows[0]["split"]) == ("3", "0", "4", "train")
    assert (rows[2]["breed"], rows[2]["class"], rows[2]["layout"]) == ("pug, black", "dogs", "Columbia Dogs")
    assert (rows[3]["split"], rows[3]["skipped"]) == ("", "not a file")


def test_the_table_is_read_again(tmp_path):
    write_outcomes(tmp_path, OUTCOMES)
    found = read_outcomes(tmp_path)
    assert (describe_kept(found), describe_skipped(found)) == (describe_kept(OUTCOMES), describe_skipped(OUTCOMES))
    assert [outcome.split for outcome in found] == ["train", "test", "train", ""]
    assert [outcome.group for outcome in found] == ["", "", "7", ""]


def test_names_of_odd_bytes_are_written(tmp_path):
    odd = Path(os.fsdecode(b"\xff\xfe.jpg"))
    assert as_utf8(odd) == "??.jpg"
    write_outcomes(tmp_path, [Outcome(photo(odd), reason="empty file")])
    assert describe_skipped(read_outcomes(tmp_path)) == "1 empty file (??.jpg)"


@pytest.mark.parametrize("content", [None, b"", b"a,b\n1,2\n", b"\xff\xfe", b'file,class\n"half'])
def test_a_damaged_table_is_named_in_one_line(tmp_path, content):
    if content is not None:
        (tmp_path / TABLE).write_bytes(content)
    with pytest.raises(UserError) as error:
        read_outcomes(tmp_path)
    assert str(error.value).startswith(f"{tmp_path}: can't be used (")
    assert str(error.value).endswith("); remove it, and it is prepared again")
    assert len(str(error.value).splitlines()) == 1


def test_kept_photographs_are_counted_by_class_and_layout():
    assert describe_kept(OUTCOMES) == "2 people (UTKFace, LFW) and 1 dogs (Columbia Dogs)"
    assert describe_kept(OUTCOMES[3:]) == ""


def test_of_many_classes_the_largest_are_named_and_the_others_counted():
    many = [
        Outcome(Photo(Path(f"{k}.png"), f"class {k:03}", "pictures", None)) for k in range(150) for _ in range(1 + k)
    ]
    message = describe_kept(many)
    assert message.startswith("150 class 149 (pictures) and 149 class 148 (pictures) and ")
    assert message.endswith("and 9,870 of 140 other classes")
    assert len(message) < 400
    assert len(describe_kept([Outcome(Photo(Path("a.png"), "x" * 250, "pictures", None))])) < 100


def test_reasons_are_listed_by_frequency_with_the_first_names():
    outcomes = [Outcome(photo(f"x/{k}.jpg"), reason="empty file") for k in range(1200)]
    message = describe_skipped([*OUTCOMES, *outcomes])
    assert message == "1,200 empty file (0.jpg, 1.jpg, 2.jpg, …); 1 not a file (gone.jpg)"
    assert describe_skipped(OUTCOMES[:3]) == ""


def test_any_number_of_reasons_and_any_name_give_one_short_line():
    outcomes = [Outcome(photo(f"{k}\n.jpg"), reason=f"reason {k}") for k in range(1000)]
    message = describe_skipped(outcomes)
    assert len(message.splitlines()) == 1
    assert len(message) < 500
    assert message.endswith("; 988 for other reasons")


def test_people_and_dogs_come_first_and_the_others_by_name():
    found = [photo("a", name) for name in ("zebras", "dogs", "cats", "people")]
    assert class_names(found) == ("people", "dogs", "cats", "zebras")
    assert class_names([]) == ()


def test_differences_from_the_requested_split_are_described():
    burst = [Outcome(photo(f"b{k}.jpg", "cats"), "train", group="1") for k in range(3)]
    cats = [Outcome(photo(f"{k}.jpg", "cats"), "test" if k == 0 else "train") for k in range(7)]
    owls = [Outcome(photo(f"o{k}.jpg", "owls"), "train", group="2") for k in range(2)]
    gone = [Outcome(photo("gone.jpg", "bats"), reason="not a file")]
    assert describe_split([*cats, *gone]) == ""
    assert describe_split([*burst, *cats, *owls, *gone]) == (
        "trained on, not tested on: 1 class without two different pictures (owls); "
        "too large to be held out, so only trained on: 1 group of 3 near-identical pictures"
    )
    assert describe_split([*cats, *owls[:1]], equal_classes=True).startswith(
        "held out in equal numbers: 1 cats (14.3%); trained on, not tested on: 1 class"
    )
