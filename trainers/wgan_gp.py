"""Train the Wasserstein GAN with gradient penalty: TODO

    python -m trainers.wgan_gp --source fashion_mnist

expected at the end: TODO 0
"""

from aigc_tf.command_line import train_command
from aigc_tf.recipes.wgan_gp import WGANGP

if __name__ == "__main__":
    train_command(WGANGP)
