"""Posteriors against each other: what does a more flexible one gain?"""
