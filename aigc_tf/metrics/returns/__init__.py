"""Evaluation of models of financial returns."""
