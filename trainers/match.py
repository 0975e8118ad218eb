"""Train contrastive matching of pictures and text (CLIP): 4,000 steps of 64 pairs, 21 minutes on one core.

    python -m trainers.match --source FOLDER                 (with captions.tsv in it)
    python -m trainers.match --source FOLDER --captions FILE

expected at the end (one seed), on 191 held-out combinations of emoji: recall at 10 of 76 % from caption to picture
(chance 5 %, nearest caption and pixels 58 %)
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.match import Match

if __name__ == "__main__":
    train_command(Match)
