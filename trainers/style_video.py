"""Train a network that gives clips the style of one picture without flicker (002 §6.4): 3,500 steps, 15 minutes.

    python -m trainers.style_video --source FOLDER_OF_CLIPS --style painting.jpg
    python -m tools.transform RUN clip.mp4 --out styled.mp4

expected after 180 steps (built-in strokes, one clip, one seed): a warping error of 5.7 grey levels: without the temporal
loss 7.5, the clip itself 3.8
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.style_video import StyleVideo

if __name__ == "__main__":
    train_command(StyleVideo)
