"""Train a network that turns pictures into others, from pairs: 6,000 steps of 4 pairs, about fifteen minutes.

    python -m trainers.pix2pix --source FOLDER_A --target FOLDER_B

expected at the end: not measured in full yet, docs/RESULTS.md says what shorter trainings of 0.2 reach
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.pix2pix import Pix2Pix

if __name__ == "__main__":
    train_command(Pix2Pix)
