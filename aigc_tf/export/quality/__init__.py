"""The effect of quantization on a model's quality, measured on the exported file itself."""
