"""Train music_gan (000 §3.10.3): 800 steps of 32 excerpts, about two minutes of one core.

    python -m trainers.music_gan --source FOLDER_OF_MIDI
    python -m trainers.music_gan

expected at the end (one seed): histograms of melodic intervals 0.09 nats, and of note lengths 0.35 nats, from those of
test excerpts, where training excerpts have 0.001 and 0.003
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.music_gan import MusicGAN

if __name__ == "__main__":
    train_command(MusicGAN)
