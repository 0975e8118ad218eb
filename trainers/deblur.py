"""Train deblurring of photographs: 6,000 steps of 8 crops, about eight minutes.

    python -m trainers.deblur --source FOLDER

expected at the end (one seed): PSNR 31.3 dB and SSIM 0.90 on nine photographs of scikit-image and scikit-learn with a
blur of one pixel; the blurred inputs have 29.5 dB and 0.86
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.deblur import Deblur

if __name__ == "__main__":
    train_command(Deblur)
