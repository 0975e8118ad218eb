"""Train a variational autoencoder with differential privacy: 2,000 steps of about 2,048 images, one to two minutes on
two cores. Needs dp-accounting: pip install dp-accounting

    python -m trainers.dp_vae --source fashion_mnist --privacy.epsilon 3

The same without privacy:

    python -m trainers.dp_vae --source fashion_mnist --privacy.epsilon None

expected at ε = 3 (a trial, docs/RESULTS.md): Fréchet distance 18.4 (5,000 samples, the shipped classifier's features)
"""

from aigc_tf.command_line import train_command
from aigc_tf.recipes.dp_vae import DPVAE

if __name__ == "__main__":
    train_command(DPVAE)
