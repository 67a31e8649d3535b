"""The parts of an autoencoder: pure functions, and modules that hold parameters."""
