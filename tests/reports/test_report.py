"""The report: one self-contained page, in which nothing hostile can run or load."""

import base64
import re
from html.parser import HTMLParser

import pytest

from vae_jax.reports.report import MemberPage, Picture, render

HOSTILE = "<script>alert('x')</script> & \"co\""


def metrics(elbo):
    return {"step": 1000, "elbo": elbo, "distortion": 90.0, "rate": 12.25, "recon": 90.0, "kl": 12.25}


def summary(*elbos, **data):
    return {
        "data": {"name": "digits", "source": "somewhere", "train": 1618, "test": 179, "notice": "", "fingerprint": "f"}
        | data,
        "seconds": {"compile": 1.0, "train": 2.0, "total": 4.0},
        "device": "cpu (cpu)",
        "versions": {"jax": "0.10"},
        "normalisation": {"reduction": "nats", "recon": "nats per image", "kl": "nats per image"},
        "members": [
            {
                "member": k,
                "values": {"seed": k, "beta_kl": 1.0},
                "parameters": 123456,
                "failed_in_step": None,
                "train": metrics(elbo),
                "test": metrics(elbo),
            }
            for k, elbo in enumerate(elbos or (-102.25,))
        ],
    }


class Page(HTMLParser):
    """Tags, addresses and visible text of a page."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.addresses, self.text, self.attributes = [], [], "", []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [value for _, value in attrs]
        self.addresses += [value for name, value in attrs if name in ("src", "href", "srcset", "action", "data")]

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def pictures(tmp_path):
    made = []
    for k in range(3):
        path = tmp_path / f"{k}.png"
        path.write_bytes(b"\x89PNG" + bytes([k]) * 50)
        made.append(Picture(f"caption {k}", path))
    return made


def test_all_pictures_are_in_the_page_itself(pictures):
    page = Page(render(summary(), "{}", [], pictures[:1], [MemberPage("a member", pictures[1:])]))
    embedded = [base64.b64decode(address.removeprefix("data:image/png;base64,")) for address in page.addresses]
    assert sorted(embedded) == [picture.path.read_bytes() for picture in pictures]
    assert all(f"caption {k}" in page.text for k in range(3))
    assert "a member" in page.text


def test_nothing_is_loaded_from_outside_and_nothing_runs(pictures):
    text = render(summary(), "{}", [], pictures, [])
    page = Page(text)
    assert not {"script", "iframe", "link", "object", "embed", "form", "base"} & set(page.tags)
    assert all(address.startswith("data:image/png;base64,") for address in page.addresses)
    assert not re.search(r"https?://|url\(|@import", text)


@pytest.mark.parametrize("field", ["name", "source", "notice"])
def test_hostile_names_are_only_text(field):
    page = Page(render(summary(**{field: HOSTILE}), "{}", [], [], []))
    assert HOSTILE in page.text
    assert "script" not in page.tags


def test_invisible_characters_are_escaped():
    page = render(summary(source="photographs in /a\udcffb\x07c"), "{}", [], [], [])
    assert r"photographs in /a\udcffb\x07c" in Page(page).text
    assert page.encode("utf-8")


def test_titles_captions_values_and_the_config_are_only_text_too(pictures):
    content = summary(-1.0, -2.0)
    content["members"][0]["values"] = content["members"][1]["values"] = {HOSTILE: HOSTILE}
    content["device"] = content["versions"]["jax"] = HOSTILE
    shown = [MemberPage(HOSTILE, [pictures[0]._replace(caption=HOSTILE)])]
    page = Page(render(content, HOSTILE, [], [], shown))
    assert page.tags.count("script") == 1  # the one that sorts the table
    assert page.text.count("<script>") == 8  # value's name, two values, device, versions, title, caption, config
    assert HOSTILE in page.attributes  # the caption again, for those who can't see the picture


def test_the_numbers_of_the_summary_are_on_the_page():
    text = Page(render(summary(source="photographs in raw"), '{"seed": 0}', [], [], [])).text
    for said in ("digits", "photographs in raw", "1,618", "179", "-102.25", "12.25", "123,456", "1,000", '{"seed": 0}'):
        assert said in text


def test_a_notice_is_shown_where_there_is_one():
    assert 'class="notice"' in render(summary(notice="drawn, not photographed"), "{}", [], [], [])
    assert 'class="notice"' not in render(summary(), "{}", [], [], [])
    assert "grey &lt; white" in render(summary() | {"notice": "grey < white"}, "{}", [], [], [])


def test_of_several_members_the_best_is_shown_first_and_all_in_a_table():
    text = Page(render(summary(-120.0, -80.5, -99.0), "{}", [], [], [])).text
    assert "those of member 1, the best test ELBO" in text
    assert text.index("-80.50") < text.index("-120.00")
    assert text.count("-80.50") == 2
    assert text.count("-99.00") == 1


def test_members_that_do_not_compare_have_no_headline_but_a_group_each():
    content = summary(-120.0, 80.5)
    for member, likelihood, reduction in zip(content["members"], ("bernoulli", "mse"), ("nats", "blog"), strict=True):
        member["values"] = {"likelihood": likelihood}
        member["normalisation"] = {"reduction": reduction, "recon": reduction, "kl": reduction}
    del content["normalisation"]
    text = " ".join(Page(render(content, "{}", [], [], [])).text.split())
    assert "likelihood over {0, 1}: member 0 with -120.00 nats/image; likelihood over the reals: member 1 with" in text
    assert "compare within a group only" in text
    assert "recon and KL are each in the member's own normalisation" in text
    assert "the best test ELBO" not in text


def test_a_member_that_failed_is_in_the_table_with_its_step_and_never_the_best():
    content = summary(-120.0, -80.5)
    content["members"][1] |= {"failed_in_step": 1234, "test": {}}
    text = Page(render(content, "{}", [], [], [])).text
    assert "those of member 0, the best test ELBO" in text
    assert "in step 1,234" in text
    content["members"][0] |= {"failed_in_step": 7}
    assert "No member came to a result" in Page(render(content, "{}", [], [], [])).text


def test_a_single_member_needs_no_table():
    assert "table" not in Page(render(summary(), "{}", [], [], [])).tags


def test_the_likelihood_is_shown_with_its_samples_and_collapsed_units_in_a_sentence():
    found = summary(-100.0, -90.0)
    known = {"nll": 88.125, "nll_standard_error": 0.25, "nll_samples": 5000, "active_units": 1.0}
    bits = {"bits_per_dimension": 1.5, "mutual_information": 4.0, "aggregate_kl": 2.5, "information_images": 100}
    found["members"][1]["test"] |= known | bits
    found["members"][1] |= {"rates": [0.0, 2.0], "collapsed": [{"unit": 0, "since_step": 7}]}
    text = " ".join(Page(render(found, "{}", [], [], [])).text.split())  # a name and its value are two boxes
    for words in (
        "test NLL, 5,000 samples88.12 ± 0.25 nats/image",
        "1.500 bits/dimension",
        "active units1 of 2",
        "mutual information4.00 nats, 100 images",
        "member 1: 1 of 2 latent units has collapsed",
    ):
        assert words in text
    alone = found | {"members": found["members"][1:]}
    assert "1 of 2 latent units has collapsed: its KL" in Page(render(alone, "{}", [], [], [])).text
    plain = Page(render(summary(-100.0), "{}", [], [], [])).text
    assert "NLL" not in plain
    assert "collapsed" not in plain
