"""Train what finds the moment of a clip that a caption belongs to (003 §4.2.3(3)): 2,500 steps of 8 clips, 15 minutes.

    python -m trainers.align --source FOLDER_WITH_captions.tsv             # lines picture<TAB>caption
    python -m tools.transform RUN clip.mp4 --condition "a red ball" "a dog"

expected at the end (one seed): frame_error: 0
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.align import Align

if __name__ == "__main__":
    train_command(Align)
