"""Contrastive image-text models (CLIP): two towers with a contrastive loss."""
