"""Train a photograph denoiser for noise of any strength: 12,000 steps of 8 crops, about fifteen minutes.

    python -m trainers.denoise --source FOLDER
    python -m trainers.denoise --source FOLDER --noise jpeg --strength 10 60

expected at the end (one seed): PSNR 32.7, 30.6 and 27.7 dB on nine photographs of scikit-image and scikit-learn with
Gaussian noise of 15, 25 and 50 grey levels; non-local means has 31.9, 29.5 and 26.1 dB, BM3D 34.1, 31.6 and 28.3 dB
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.denoise import Denoise

if __name__ == "__main__":
    train_command(Denoise)
