"""Train the DCGAN of 64x64 colour images of article 003 §6.1: TODO

    python -m trainers.dcgan64 --source fashion_mnist

expected at the end: TODO 0
"""

from aigc_tf.command_line import train_command
from aigc_tf.recipes.dcgan64 import DCGAN64

if __name__ == "__main__":
    train_command(DCGAN64)
