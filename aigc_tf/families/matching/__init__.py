"""Matching pictures and words: two towers with a contrastive loss."""
