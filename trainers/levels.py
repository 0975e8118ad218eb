"""Train a transformer on game levels (000 §3.13.2): 3,000 steps of 32 windows, seven minutes on two cores.

    python -m trainers.levels
    python -m trainers.levels --source levels.txt

expected (one seed, synthetic levels): 86 % of generated levels are playable, 0.1 % of a 6-gram's (docs/RESULTS.md)
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.levels import Levels

if __name__ == "__main__":
    train_command(Levels)
