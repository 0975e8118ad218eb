"""Train a GAN of piano rolls (000 §3.10.3): 800 steps of 32 excerpts, about two minutes on one core.

    python -m trainers.music_gan --source FOLDER_OF_MIDI
    python -m trainers.music_gan

expected at the end (one seed): Jensen-Shannon divergence of histograms from those of test excerpts 0.09 nats for
melodic intervals and 0.35 nats for note lengths; training excerpts have 0.001 and 0.003
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.music_gan import MusicGAN

if __name__ == "__main__":
    train_command(MusicGAN)
