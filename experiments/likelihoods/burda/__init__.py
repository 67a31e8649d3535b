"""Table 1 of Burda et al. 2016: importance-weighted autoencoders with one stochastic layer."""
