"""What quantizing changes in the quality of a model, measured on the exported file itself."""
