"""Photographs in the style of another picture."""
