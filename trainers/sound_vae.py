"""Train the spectrogram VAE of sounds: 6,000 steps of 32 sounds, about fifteen minutes on two cores.

    apt-get install espeak-ng && python -m tools.make_spoken_digits digits/
    python -m trainers.sound_vae --source digits/ --sound.group "^([a-z0-9]+)-"

expected at the end: figures of a shorter run are in docs/RESULTS.md, of synthetic digits by 6 voices not trained on
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.sound_vae import SoundVAE

if __name__ == "__main__":
    train_command(SoundVAE)
