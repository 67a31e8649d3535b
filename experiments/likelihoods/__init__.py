"""Log-likelihoods beside those of the literature, a table each: `python -m experiments.likelihoods.burda` and so on."""
