"""What experiments share: declare, train, tabulate."""
