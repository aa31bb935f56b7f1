"""PyTorch scripts that do not know autolrs: their optimizers are steered from outside."""
