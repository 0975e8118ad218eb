"""Train text-to-image (002 §7.3.2): 5,000 steps of 32 images, about half an hour on two cores.

    python -m trainers.text_flow --source FOLDER                 (with captions.tsv in it)
    python -m trainers.text_flow --source FOLDER --captions FILE

then draw, and measure with a judge that has learnt with another seed and split:

    python -m tools.sample RUN --prompt "red heart" --guidance 2 --evaluations 10
    python -m trainers.match --source FOLDER --seed 1 --words.split 1
    python -m tools.evaluate RUN --guidance 2 --judge MATCH_RUN

expected at the end: not measured yet (version 0.2)
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.text_flow import TextFlow

if __name__ == "__main__":
    train_command(TextFlow)
