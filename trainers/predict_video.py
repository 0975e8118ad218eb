"""Train video prediction (002 §6.4): 10,000 steps of 4 windows, 22 minutes on one core.

    python -m trainers.predict_video --source FOLDER_OF_CLIPS
    python -m trainers.predict_video --source moving_fashion_mnist --video.channels 1
    python -m trainers.predict_video --network convlstm

expected at the end (one seed, moving Fashion-MNIST): psnr_db 17.2 over 5 frames, optical flow 15.7, copying 12.7
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.predict_video import PredictVideo

if __name__ == "__main__":
    train_command(PredictVideo)
