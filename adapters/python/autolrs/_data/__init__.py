"""Loops over data that can be rolled back: epochs, batches, their positions."""
