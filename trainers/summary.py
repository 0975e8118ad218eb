"""Train summaries of texts (000 §2.3, 003 §5.2): 3,000 steps of 32 pairs, about fifteen minutes on two cores.

    python -m trainers.summary --source PAIRS.tsv
    python -m trainers.summary --source PAIRS.csv --pairs.columns article highlights
    python -m trainers.summary --source PAIRS.tsv --encoder lstm

expected at the end: not measured in full yet; after 240 steps training pairs cost 4.7 nats a symbol
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.summary import Summary

if __name__ == "__main__":
    train_command(Summary)
