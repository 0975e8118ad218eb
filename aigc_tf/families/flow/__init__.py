"""Flow matching models of pictures."""
