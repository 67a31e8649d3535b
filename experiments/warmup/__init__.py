"""Does warming up beta_KL matter, when, and how much?"""
