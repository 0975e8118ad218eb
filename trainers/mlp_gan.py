"""Train the fully connected GAN of article 001 §4.2: 25,000 steps of 32 images, four minutes on two cores.

    python -m trainers.mlp_gan --source fashion_mnist

With the layers and settings that the article prints (docs/DOCUMENTS.md):

    python -m trainers.mlp_gan --source fashion_mnist --printed

expected (docs/RESULTS.md): Fréchet distance 8.2 after five minutes of training (--steps 33000), 7.2 after ten (--steps
67000); 10,000 samples, the shipped classifier's features
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.mlp_gan import MLPGAN

if __name__ == "__main__":
    train_command(MLPGAN)
