"""Train the class-conditional spectrogram GAN of sounds: 9,000 steps of 16 sounds, about fifteen minutes on two cores.

    apt-get install espeak-ng && python -m tools.make_spoken_digits digits/
    python -m trainers.sound_gan --source digits/ --sound.group "^([a-z0-9]+)-"

expected at the end: more than the 86 % of generated digits that are recognised after 843 steps (docs/RESULTS.md), of
synthetic digits, sounds and not spectrograms measured; a run of all steps was not measured
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.sound_gan import SoundGAN

if __name__ == "__main__":
    train_command(SoundGAN)
