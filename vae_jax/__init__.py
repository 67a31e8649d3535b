"""Variational autoencoders in JAX: train them, sweep them, judge them, look at them."""

__version__ = "0.1.0"
