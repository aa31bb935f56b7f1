"""PyTorch: DDP and FSDP2."""
