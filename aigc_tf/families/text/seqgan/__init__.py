"""GANs for text."""
