"""Models of sound that do not build on picture models."""
