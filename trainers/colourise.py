"""Train a network that colours grey photographs: 6,000 steps of 8 crops, about fifteen minutes.

    python -m trainers.colourise --source FOLDER

expected at the end: not measured yet (version 0.2)
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.colourise import Colourise

if __name__ == "__main__":
    train_command(Colourise)
