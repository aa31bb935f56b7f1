"""The tuner for a trainer of the user's own: it asks, and is told."""
