"""Models of tabular data."""
