"""Train the least-squares GAN: TODO

    python -m trainers.lsgan --source fashion_mnist

expected at the end: TODO 0
"""

from aigc_tf.command_line import train_command
from aigc_tf.recipes.lsgan import LSGAN

if __name__ == "__main__":
    train_command(LSGAN)
