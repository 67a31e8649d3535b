"""Shared by experiments: declare, train, tabulate."""
