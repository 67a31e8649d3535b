"""Metrics and arrays from a trained model and data."""
