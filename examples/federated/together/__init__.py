"""Clients on several machines train a recipe of aigc_tf together, by Flower."""
