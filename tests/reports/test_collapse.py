"""Which latent units have collapsed, since when, and how it is said."""

from vae_jax.reports.collapse import collapse_line, collapse_sentence, collapsed_units


def logged(*rates):
    return [{"step": 100 * (k + 1), "rates": list(each)} for k, each in enumerate(rates)]


LINES = logged([0.5, 0.001, 0.002], [0.4, 2.0, 0.003], [0.001, 3.0, 0.004], [0.002, 4.0, 0.0045])


def member(number=0, rates=(0.002, 4.0, 0.0045), lines=LINES):
    return {"member": number, "rates": list(rates), "collapsed": collapsed_units(list(rates), lines)}


def test_a_unit_has_collapsed_since_the_first_of_the_last_evaluations_below():
    assert member()["collapsed"] == [{"unit": 0, "since_step": 300}, {"unit": 2, "since_step": 100}]
    assert member(rates=(0.2, 4.0, 0.3))["collapsed"] == []
    assert member(lines=[{"step": 5}])["collapsed"][0] == {"unit": 0, "since_step": None}


def test_the_sentence_names_the_units_and_what_to_try():
    said = collapse_sentence(member())
    assert said.startswith(
        "2 of 3 latent units have collapsed: their KL to the prior is below 0.005 nats (unit 0 since step 300; unit 2 "
        "since step 100); a warm-up of beta_KL"
    )
    assert "free bits" in said
    assert collapse_sentence(member(rates=(0.2, 4.0, 0.003))).startswith("1 of 3 latent units has collapsed: its KL")
    whole = collapse_sentence(member(rates=(0.0, 0.0, 0.0), lines=logged([0.0, 0.0, 0.0])))
    assert whole.startswith(
        "the posterior has collapsed: all 3 latent units' KL to the prior is below 0.005 nats (units"
    )
    assert "(since step 100)" in collapse_sentence(member(rates=(0.0,), lines=logged([0.0])))
    assert "unit 0, 1" not in collapse_sentence(member(rates=(0.2, 4.0, 0.3)))
    many = collapse_sentence(member(rates=(1.0, *([0.0] * 20)), lines=[]))
    assert "(units 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 and 8 more)" in many


def test_a_sweep_says_it_in_one_line():
    well = member(1, (0.2, 4.0, 0.3))
    assert collapse_line({"members": [well]}) == ""
    assert collapse_line({"members": [member()]}) == collapse_sentence(member())
    said = collapse_line({"members": [member(), well]})
    assert said.startswith("latent units have collapsed in 1 of 2 members (0); most of all in member 0: 2 of 3")
