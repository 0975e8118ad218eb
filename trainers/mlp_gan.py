"""Train the fully connected GAN of article 001 §4.2: TODO

    python -m trainers.mlp_gan --source fashion_mnist

expected at the end: TODO 0
"""

from aigc_tf.command_line import train_command
from aigc_tf.recipes.mlp_gan import MLPGAN

if __name__ == "__main__":
    train_command(MLPGAN)
