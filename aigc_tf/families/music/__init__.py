"""Models of music for several voices."""
