"""Train video frame interpolation (002 §6.4): 10,000 steps of 4 windows, 6 minutes on one core.

    python -m trainers.complete_video --source FOLDER_OF_CLIPS
    python -m trainers.complete_video --source moving_fashion_mnist --video.channels 1

expected at the end (one seed, one clip with little motion): psnr_db 49.2 in a gap of 4 frames, blending 49.1
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.complete_video import CompleteVideo

if __name__ == "__main__":
    train_command(CompleteVideo)
