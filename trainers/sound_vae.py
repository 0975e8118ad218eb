"""Train the spectrogram VAE of sounds: 6,000 steps of 32 sounds, about fifteen minutes on two cores.

    apt-get install espeak-ng && python -m tools.make_spoken_digits digits/
    python -m trainers.sound_vae --source digits/ --sound.group "^([a-z0-9]+)-"

expected at the end: a loss on validation recordings below the -5,787 nats after 447 steps (docs/RESULTS.md), of
synthetic digits; a run of all steps was not measured
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.sound_vae import SoundVAE

if __name__ == "__main__":
    train_command(SoundVAE)
