"""Train a GAN whose discriminator is trained with differential privacy: minutes on two cores.

    python -m trainers.dp_gan --source fashion_mnist --privacy.epsilon 3

expected (a trial) at ε = 3: Fréchet distance 36 after 150 steps (5,000 samples, the shipped classifier's features)
"""

from aigc_tf.command_line import train_command
from aigc_tf.recipes.dp_gan import DPGAN

if __name__ == "__main__":
    train_command(DPGAN)
