"""Train a network that sharpens blurred photographs: 6,000 steps of 8 crops, about eight minutes.

    python -m trainers.deblur --source FOLDER

expected at the end: not measured yet (version 0.2)
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.deblur import Deblur

if __name__ == "__main__":
    train_command(Deblur)
