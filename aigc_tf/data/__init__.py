"""Sources of examples and the pipelines that read them."""
