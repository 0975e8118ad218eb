"""Train text summarisation (000 §2.3, 003 §5.2): 3,000 steps of 32 pairs, about fifteen minutes on two cores.

    python -m trainers.summary --source PAIRS.tsv
    python -m trainers.summary --source PAIRS.csv --pairs.columns article highlights
    python -m trainers.summary --source PAIRS.tsv --encoder lstm

expected at the end (mean of two seeds): ROUGE-1, -2, -L of 42.0, 21.2, 38.6 on a thousand held-out descriptions of
Debian packages; the first twelve words of the description have 33.1, 15.9 and 29.3
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.summary import Summary

if __name__ == "__main__":
    train_command(Summary)
