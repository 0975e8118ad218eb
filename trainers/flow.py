"""Train a rectified flow: 5,000 steps of 64 images, about seven minutes on two cores.

    python -m trainers.flow --source fashion_mnist

expected at the end: Fréchet distance 2.5 with five or ten evaluations (docs/RESULTS.md; one seed, the shipped
classifier's features, 10,000 samples)
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.flow import Flow

if __name__ == "__main__":
    train_command(Flow)
