"""Paths and planes through a latent space."""
