"""The wire: messages, transports and who is driven."""
