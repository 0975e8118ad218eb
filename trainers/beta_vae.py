"""Train PLACEHOLDER

    python -m trainers.beta_vae --source fashion_mnist

expected at the end: 0
"""

from aigc_tf.command_line import train_command
from aigc_tf.recipes.beta_vae import BetaVAE

if __name__ == "__main__":
    train_command(BetaVAE)
