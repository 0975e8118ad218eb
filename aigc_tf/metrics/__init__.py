"""Evaluation metrics; each figure is reported with its protocol."""
