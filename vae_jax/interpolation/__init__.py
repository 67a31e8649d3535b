"""Paths and planes in a latent space."""
