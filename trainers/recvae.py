"""Train RecVAE on ratings: 1,000 steps of 64 users.

    python -m trainers.recvae
    python -m trainers.recvae --source ratings.csv --ratings.items movies.csv

expected at the end (MovieLens latest-small, three seeds, means of five folds): NDCG@100 0.353, combined with EASE
0.381; EASE alone 0.375, item-kNN 0.333
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.recvae import RecVAE

if __name__ == "__main__":
    train_command(RecVAE)
