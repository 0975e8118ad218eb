"""Train a text-to-image GAN (002 §7.3.2): 18,000 steps of 16 images, 68 minutes on one core.

    python -m trainers.text_gan --source FOLDER                  (with captions.tsv in it)
    python -m trainers.text_gan --source FOLDER --captions FILE

then sample, and evaluate with a judge that was trained with another seed and split:

    python -m tools.sample RUN --prompt "red heart"
    python -m trainers.match --source FOLDER --seed 1 --words.split 1
    python -m tools.evaluate RUN --judge MATCH_RUN

expected at the end: not measured yet (version 0.2)
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.text_gan import TextGAN

if __name__ == "__main__":
    train_command(TextGAN)
