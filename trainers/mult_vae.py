"""Train Mult-VAE on ratings: 600 steps of 64 users.

    python -m trainers.mult_vae
    python -m trainers.mult_vae --source ratings.csv --ratings.items movies.csv
    python -m tools.transform --liked "Toy Story" "Heat" --count 10 --why

expected at the end (MovieLens latest-small, three seeds, means of five folds): NDCG@100 0.367, combined with EASE
0.380; EASE alone 0.375, item-kNN 0.333
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.mult_vae import MultVAE

if __name__ == "__main__":
    train_command(MultVAE)
