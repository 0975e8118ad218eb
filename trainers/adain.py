"""Train a network that gives photographs the style of any picture: 1,500 steps of 2 crops, about fifteen minutes.

    python -m trainers.adain --source FOLDER --styles PAINTINGS
    python -m tools.transform RUN photo.jpg --condition style.jpg --out styled.png

expected at the end: not measured yet (version 0.2)
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.adain import AdaIN

if __name__ == "__main__":
    train_command(AdaIN)
