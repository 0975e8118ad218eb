"""Train the β-VAE, β = 4, with two dense layers of 512: 10,000 steps of 64 images, about two minutes on two cores.

    python -m trainers.beta_vae --source fashion_mnist

For the capacity schedule of Burgess et al. 2018 (γ is beta there):

    python -m trainers.beta_vae --source fashion_mnist --beta 100 --capacity 15 --capacity-steps 8000

expected at the end, without it (one seed): evidence lower bound -247.5 nats, KL divergence 6.2 nats in 5 of the 10
latent dimensions
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.beta_vae import BetaVAE

if __name__ == "__main__":
    train_command(BetaVAE)
