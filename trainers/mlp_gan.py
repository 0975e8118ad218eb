"""Train the fully connected GAN of article 001 §4.2: 25,000 steps of 32 images, four and a half minutes on two
cores.

    python -m trainers.mlp_gan --source fashion_mnist

expected (a trial, docs/RESULTS.md): Fréchet distance 11.2 after 40 s (5,000 samples, the shipped classifier's features)
"""

from aigc_tf.command_line import train_command
from aigc_tf.recipes.mlp_gan import MLPGAN

if __name__ == "__main__":
    train_command(MLPGAN)
