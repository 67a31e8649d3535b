"""Geometry of latent spaces: paths, planes and grids."""
