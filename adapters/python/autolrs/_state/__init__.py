"""State that every framework has: random numbers, arrays, files."""
