"""Photograph restoration: denoising, super-resolution, inpainting, colourisation and more."""
