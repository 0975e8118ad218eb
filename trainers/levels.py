"""Train a transformer on levels of games (000 §3.13.2): 3,000 steps of 32 windows, seven minutes on two cores.

    python -m trainers.levels
    python -m trainers.levels --source levels.txt

expected after 235 steps (one seed, made-up levels): 4 % of drawn levels can be played, of a 6-gram none
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.levels import Levels

if __name__ == "__main__":
    train_command(Levels)
