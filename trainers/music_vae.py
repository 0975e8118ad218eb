"""Train a hierarchical VAE of music (000 §3.10.3): 800 steps of 32 excerpts, about four minutes on one core.

    python -m trainers.music_vae --source FOLDER_OF_MIDI
    python -m trainers.music_vae

expected at the end (one seed, 688 steps): a negative ELBO of 118 nats per excerpt of two bars, and 75 % of its cells
reconstructed; an n-gram has 78 nats, the nearest training excerpt 80 %. More steps should help.
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.music_vae import MusicVAE

if __name__ == "__main__":
    train_command(MusicVAE)
