"""Flows: from noise to pictures along a learnt velocity."""
