"""Train the class-conditional GAN: 6,000 steps of 16 images, four and a half minutes on two cores.

    python -m trainers.cgan --source fashion_mnist

expected (a trial without R1, docs/RESULTS.md): Fréchet distance 7.5 after 50 s, and 90 % of samples
in the class asked for
"""

from aigc_tf.command_line import train_command
from aigc_tf.recipes.cgan import CGAN

if __name__ == "__main__":
    train_command(CGAN)
