"""Image captioning, by a decoder that attends to positions in the picture."""
