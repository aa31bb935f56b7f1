"""PyTorch: what a checkpoint holds."""
