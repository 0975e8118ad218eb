"""Models that turn pictures of one kind into another."""
