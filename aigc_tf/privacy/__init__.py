"""Training with differential privacy: what is released says little about any single example."""
