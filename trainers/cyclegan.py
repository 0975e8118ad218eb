"""Train a network that turns pictures into others, without pairs: 6,000 steps of 4 pictures, about forty minutes.

    python -m trainers.cyclegan --source FOLDER_A --target FOLDER_B

expected at the end (one seed, Noto's emoji to Twemoji's): PSNR 12.6 dB, where copying has 11.6; 39 % of the
pictures are nearest to their own truth, of copies 36 %
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.cyclegan import CycleGAN

if __name__ == "__main__":
    train_command(CycleGAN)
