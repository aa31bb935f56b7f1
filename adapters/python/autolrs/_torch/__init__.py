"""PyTorch: the hooks, and the updates that they count."""
