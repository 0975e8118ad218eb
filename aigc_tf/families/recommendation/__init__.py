"""Recommendation: what a user would like, from what he likes."""
