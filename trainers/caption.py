"""Train captions of pictures (003 §4.2): 3,000 steps of 64 pairs, about fifteen minutes on two cores.

    python -m trainers.caption --source FOLDER                 (with captions.tsv in it)
    python -m trainers.caption --source FOLDER --captions FILE

expected at the end: not measured yet (version 0.2)
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.caption import Caption

if __name__ == "__main__":
    train_command(Caption)
