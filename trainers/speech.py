"""Train text-to-speech: 5,000 steps of 16 recordings, about fifteen minutes on one core.

    python -m trainers.speech --source RECORDINGS
    python -m tools.transform RUN --text "seven" --out seven.wav

`words.tsv` in the folder has the transcript of each file (its name, a tab, the words); otherwise file names are used.

expected at the end (one speaker, one seed): 85 % of single words of the training part are recognised (docs/RESULTS.md)
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.speech import Speech

if __name__ == "__main__":
    train_command(Speech)
