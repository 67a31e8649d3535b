"""A trained model and data in, numbers and arrays out."""
