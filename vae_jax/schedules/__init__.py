"""How the weight of the KL term rises, and how the learning rate falls."""
