"""Train arbitrary style transfer of photographs: 1,500 steps of 2 crops, about fifteen minutes.

    python -m trainers.adain --source FOLDER --styles PAINTINGS
    python -m tools.transform RUN photo.jpg --condition style.jpg --out styled.png

expected at the end (one seed, photographs as styles): a loss of 6.4 on centre crops of 128 pixels of nine photographs,
in 0.2 s each; optimising each picture separately reaches 3.7 in 36 s
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.adain import AdaIN

if __name__ == "__main__":
    train_command(AdaIN)
