"""Train image captioning (003 §4.2): 2,000 steps of 64 pairs, a quarter of an hour on one core.

    python -m trainers.caption --source FOLDER                 (with captions.tsv in it)
    python -m trainers.caption --source FOLDER --captions FILE

expected at the best checkpoint (one seed), on 191 held-out combinations of emoji: chrF 36 (caption of the
nearest picture by pixels 35)
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.caption import Caption

if __name__ == "__main__":
    train_command(Caption)
