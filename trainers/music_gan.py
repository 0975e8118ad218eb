"""Train music_gan (000 §3.10.3): 800 steps of 32 excerpts.

    python -m trainers.music_gan --source FOLDER_OF_MIDI
    python -m trainers.music_gan

expected at the end (one seed): 0
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.music_gan import MusicGAN

if __name__ == "__main__":
    train_command(MusicGAN)
