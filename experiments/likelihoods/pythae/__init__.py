"""The numbers that the README of pythae 0.1.2 reports for binarised MNIST."""
