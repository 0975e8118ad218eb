"""Self-supervised image encoders: contrastive learning and masked autoencoding."""
