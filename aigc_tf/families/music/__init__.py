"""Models of polyphonic music."""
