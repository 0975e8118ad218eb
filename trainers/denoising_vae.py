"""Train PLACEHOLDER

    python -m trainers.denoising_vae --source fashion_mnist

expected at the end: 0
"""

from aigc_tf.command_line import train_command
from aigc_tf.recipes.denoising_vae import DenoisingVAE

if __name__ == "__main__":
    train_command(DenoisingVAE)
