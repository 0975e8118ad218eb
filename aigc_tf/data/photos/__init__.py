"""Photographs of any size: sources whose batches are crops."""
