"""Generative adversarial networks of text."""
