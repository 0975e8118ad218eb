"""Train the variational recurrent autoencoder of article 000 §3.9.1: 3,000 steps of 32 sequences, 50 s on two cores.

    python -m trainers.vrae
    python -m trainers.vrae --source weather.csv --series.length 24 --series.columns temperature pressure

expected at the end (one seed), on the synthetic default series: negative evidence lower bound 49.2 nats per sequence of
48 values, 3.0 of them KL divergence, 2 active latent dimensions
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.vrae import VRAE

if __name__ == "__main__":
    train_command(VRAE)
