"""Federated learning: clients train on their own examples, and a server aggregates their weight updates."""
