"""Train GANomaly (000 §3.10.4) for anomaly detection: 3,000 steps of 64 images, about three minutes on two cores.

    python -m trainers.ganomaly --source ~/photos/sound-parts

Train it on normal pictures only; `model.score` then gives the anomaly score of others. `python -m tools.benchmark
anomalies` does that for each class of Fashion-MNIST.

expected at the end on all of Fashion-MNIST (one seed): PSNR of reconstructions 21.5 dB, SSIM 0.74
"""

from aigc_tf.cli.command import train_command
from aigc_tf.recipes.ganomaly import GANomaly

if __name__ == "__main__":
    train_command(GANomaly)
