"""Differentially private training and federated learning."""
