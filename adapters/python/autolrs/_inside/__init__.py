"""A run that its script starts: the tuner is a child of the script, where it drives it."""
