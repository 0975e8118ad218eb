"""Recommendation: what a user would like, from what is known to be liked."""
