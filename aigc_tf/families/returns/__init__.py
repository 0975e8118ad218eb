"""Models of daily returns."""
