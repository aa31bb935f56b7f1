"""The version of this package, as the handshake says it."""

__version__ = "0.1.0"
