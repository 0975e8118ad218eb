"""Train a GAN of clips with separate content and motion (002 §6.4): 6,000 steps of 8 clips, 22 minutes on one core.

    python -m trainers.video_gan --source FOLDER_OF_CLIPS
    python -m trainers.video_gan --source moving_fashion_mnist --video.channels 1
    python -m tools.sample RUN --count 16 --out clips.gif                          # or .mp4, .png, a folder

expected at the end (moving Fashion-MNIST, one seed): motion_distance 230, a Gaussian of windows 1,490, real 11
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.video_gan import VideoGAN

if __name__ == "__main__":
    train_command(VideoGAN)
