"""Train CFGAN on ratings: 1,000 steps of 128 users.

    python -m trainers.cfgan
    python -m trainers.cfgan --source ratings.csv --ratings.items movies.csv

expected at the end (MovieLens latest-small, three seeds, means of five folds): NDCG@100 0.368, combined with EASE
0.383; EASE alone 0.375, item-kNN 0.333
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.cfgan import CFGAN

if __name__ == "__main__":
    train_command(CFGAN)
