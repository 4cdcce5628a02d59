"""The steps of a session that touch the world, with their ports injected."""
