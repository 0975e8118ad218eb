"""Train a GAN of text: 1,000 steps of 32 lines, the first 800 by likelihood.

    python -m trainers.seqgan --source lines.txt
    python -m trainers.seqgan --source lines.txt --signal gumbel

expected at the end (no figure was measured with these settings yet): gain_nats near 0, which the likelihood model has
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.seqgan import SeqGAN

if __name__ == "__main__":
    train_command(SeqGAN)
