"""Recommender models (collaborative filtering)."""
