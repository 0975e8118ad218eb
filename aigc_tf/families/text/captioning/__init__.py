"""Captions: words for pictures, written by a decoder that attends to places of the picture."""
