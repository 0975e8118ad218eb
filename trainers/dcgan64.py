"""Train the DCGAN of 64x64 colour images of article 003 §6.1: 18,000 steps of 16 images, twenty minutes on two cores.

    python -m trainers.dcgan64 --source FOLDER

With the layers and settings that the article prints (docs/DOCUMENTS.md):

    python -m trainers.dcgan64 --source FOLDER --printed

expected (docs/RESULTS.md): Fréchet distance 5.0 on 1,711 emoji (10,000 samples, 200 held-out pictures, a classifier of
the set; real training pictures: 2.7); 7.8 without the differentiable augmentation
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.dcgan64 import DCGAN64

if __name__ == "__main__":
    train_command(DCGAN64)
