"""The commands of `tools.benchmark`."""
