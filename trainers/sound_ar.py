"""Train the autoregressive model of sounds: 8,000 steps of 16 sounds, about fifteen minutes on two cores.

    apt-get install espeak-ng && python -m tools.make_spoken_digits digits/
    python -m trainers.sound_ar --source digits/ --sound.group "^([a-z0-9]+)-"
    python -m tools.sample RUN --labels seven --noise 0.5 --out seven.wav

expected at the end: more than the 88 % of generated digits that are recognised after 1,500 steps (docs/RESULTS.md;
synthetic digits, voices of the validation part); a run of all steps was not measured
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.sound_ar import SoundAR

if __name__ == "__main__":
    train_command(SoundAR)
