"""Averages of the weights along a run."""
