"""One conversation with the tuner: its requests, and the script's end."""
