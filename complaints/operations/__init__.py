"""What who runs Gehoor looks at: whether it is alive, ready and in time, and the figures of that."""
