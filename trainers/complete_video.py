"""Train the completion of clips (002 §6.4): 1,500 steps of 4 windows, two minutes on two cores.

    python -m trainers.complete_video --source FOLDER_OF_CLIPS
    python -m trainers.complete_video --source moving_fashion_mnist --video.channels 1

expected at the end: 0
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.complete_video import CompleteVideo

if __name__ == "__main__":
    train_command(CompleteVideo)
