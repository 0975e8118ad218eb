"""Train music_vae (000 §3.10.3): 800 steps of 32 excerpts.

    python -m trainers.music_vae --source FOLDER_OF_MIDI
    python -m trainers.music_vae

expected at the end (one seed): 0 nats
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.music_vae import MusicVAE

if __name__ == "__main__":
    train_command(MusicVAE)
