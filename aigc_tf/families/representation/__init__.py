"""Encoders of pictures that learn without labels: from two views of each picture, or from what is hidden of it."""
