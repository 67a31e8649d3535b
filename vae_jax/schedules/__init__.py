"""Schedules of beta_kl (warm-ups) and of the learning rate."""
