"""What a notebook shows of a run that one of its cells has started."""
