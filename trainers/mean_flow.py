"""Train a mean flow, which samples in one step: 6,000 steps of 64 images.

    python -m trainers.mean_flow --source fashion_mnist

expected at the end: not measured yet (version 0.2)
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.mean_flow import MeanFlow

if __name__ == "__main__":
    train_command(MeanFlow)
