"""Train a network that turns pictures into others, without pairs: 6,000 steps of 4 pictures, about forty minutes.

    python -m trainers.cyclegan --source FOLDER_A --target FOLDER_B

expected at the end: not measured yet (version 0.2)
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.cyclegan import CycleGAN

if __name__ == "__main__":
    train_command(CycleGAN)
