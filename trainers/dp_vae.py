"""Train a variational autoencoder with differential privacy: 2,000 steps of about 2,048 images, one to two minutes on
two cores. Needs dp-accounting: pip install dp-accounting

    python -m trainers.dp_vae --source fashion_mnist --privacy.epsilon 3

The same without privacy:

    python -m trainers.dp_vae --source fashion_mnist --privacy.epsilon None

expected (docs/RESULTS.md): Fréchet distance 31.2 at ε = 1, 18.4 at 3, 15.0 at 10 and 8.6 without privacy (10,000
samples, the shipped classifier's features)
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.dp_vae import DPVAE

if __name__ == "__main__":
    train_command(DPVAE)
