"""Training as pure functions over members, and the loop that drives them."""
