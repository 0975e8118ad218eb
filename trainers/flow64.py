"""Train a rectified flow of 64x64 colour pictures: 5,000 steps of 32 images, 45 minutes on one core.

    python -m trainers.flow64 --source FOLDER
    python -m trainers.flow64 --source FOLDER --augmentation.flip

expected after 3,000 of the steps on 1,711 emoji (one seed): Fréchet distance 2.0 (a Gaussian: 6.1, real images: 0.5)
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.flow64 import Flow64

if __name__ == "__main__":
    train_command(Flow64)
