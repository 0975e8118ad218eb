"""Explanations and their faithfulness, adversarial robustness, membership inference, content filters."""
