"""Image-to-image translation models."""
