"""JAX with Optax or Flax."""
