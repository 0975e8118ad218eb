"""Train a variational autoencoder with differential privacy: minutes on two cores.

    python -m trainers.dp_vae --source fashion_mnist --privacy.epsilon 3

expected (a trial) at ε = 3: Fréchet distance 20.3 after 500 steps (5,000 samples, the shipped classifier's features)
"""

from aigc_tf.command_line import train_command
from aigc_tf.recipes.dp_vae import DPVAE

if __name__ == "__main__":
    train_command(DPVAE)
