"""Models that give back what photographs lost: noise taken away, sizes enlarged, holes filled, colours added."""
