"""Train a latent rectified flow of 64x64 colour pictures: 18,000 steps of 32 images, 46 minutes on one core.

    python -m trainers.latent_flow --source FOLDER

The first 3,000 steps (--code.steps) train the autoencoder.

expected at the end: not measured yet (version 0.2)
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.latent_flow import LatentFlow

if __name__ == "__main__":
    train_command(LatentFlow)
