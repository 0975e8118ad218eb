"""Train unpaired image-to-image translation: 6,000 steps of 4 pictures, about forty minutes.

    python -m trainers.cyclegan --source FOLDER_A --target FOLDER_B

expected at the end (one seed, Noto's emoji to Twemoji's): PSNR 12.6 dB, copying the input has 11.6; 39 % of the
pictures have their own target as nearest neighbour, 36 % of copies
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.cyclegan import CycleGAN

if __name__ == "__main__":
    train_command(CycleGAN)
