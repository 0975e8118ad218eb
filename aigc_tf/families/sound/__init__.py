"""Models of sound that are no models of pictures."""
