"""Train speech: 3,000 steps of 16 recordings, about ten minutes on two cores.

    python -m trainers.speech --source RECORDINGS
    python -m tools.transform RUN --text "seven" --out seven.wav

`words.tsv` in the folder says what is spoken in each file (its name, a tab, the words), or else the names of the files.

expected at the end: not measured yet (version 0.2)
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.speech import Speech

if __name__ == "__main__":
    train_command(Speech)
