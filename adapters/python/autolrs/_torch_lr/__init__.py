"""PyTorch: learning rates, the tuner's and the script's."""
