"""Figures of returns."""
