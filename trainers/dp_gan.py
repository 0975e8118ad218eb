"""Train a GAN whose discriminator has differential privacy: 1,000 steps, each with two batches of about 1,024 images,
two minutes on two cores. Needs dp-accounting: pip install dp-accounting

    python -m trainers.dp_gan --source fashion_mnist --privacy.epsilon 3

The same without privacy:

    python -m trainers.dp_gan --source fashion_mnist --privacy.epsilon None

expected at ε = 3 (a trial of 700 steps, docs/RESULTS.md): Fréchet distance 16.1 (5,000 samples, the shipped
classifier's features)
"""

from aigc_tf.command_line import train_command
from aigc_tf.recipes.dp_gan import DPGAN

if __name__ == "__main__":
    train_command(DPGAN)
