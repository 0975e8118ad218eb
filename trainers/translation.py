"""Train translation (000 §2.3, 001 §8): 3,000 steps of 32 pairs, about fifteen minutes on two cores.

    python -m trainers.translation --source en_zh.tsv
    python -m trainers.translation --source en_zh.tsv --pairs.columns 2 1
    python -m trainers.translation --source text.en --pairs.target text.zh

expected at the end: not measured in 0.2 yet
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.translation import Translation

if __name__ == "__main__":
    train_command(Translation)
