"""Train the class-conditional GAN: TODO

    python -m trainers.cgan --source fashion_mnist

expected at the end: TODO 0
"""

from aigc_tf.command_line import train_command
from aigc_tf.recipes.cgan import CGAN

if __name__ == "__main__":
    train_command(CGAN)
