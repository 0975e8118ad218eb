"""Train a rectified flow: 5,000 steps of 64 images, about five minutes on two cores.

    python -m trainers.flow --source fashion_mnist

expected at the end: not measured yet (version 0.2). After half as many (--steps 2601): Fréchet distance 4.9
(docs/RESULTS.md; one seed, the shipped classifier's features, 10,000 samples, ten evaluations)
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.flow import Flow

if __name__ == "__main__":
    train_command(Flow)
