"""Benchmarks of this project on this machine, against the usual alternatives.

    python -m tools.benchmark train             the training step against keras.io's and TensorFlow's tutorials
    python -m tools.benchmark quality           the Fréchet distance after 60, 120 and 240 s against the tutorial
    python -m tools.benchmark gans              every GAN recipe after 5 and 10 minutes, and the tutorials
    python -m tools.benchmark flow              flows against a GAN after 1 to 20 minutes, by number of evaluations
    python -m tools.benchmark words RUN...      matching, captions and text-to-image on held-out combinations
    python -m tools.benchmark printed           the designs as the articles print them against this project's
    python -m tools.benchmark vae               ELBO and Fréchet distance of the convolutional VAE against keras.io's
    python -m tools.benchmark vae-train         the VAE's training step against keras.io's
    python -m tools.benchmark data              the input pipeline alone
    python -m tools.benchmark export RUN        exported files against Keras's own export and ONNX Runtime
    python -m tools.benchmark pruning RUN       pruned weights or channels: quality, zipped size, latency
    python -m tools.benchmark transfer RUN --source OTHER  fine-tuning on few examples against training from scratch
    python -m tools.benchmark scores RUN FILES  anomaly scores of exported files, on ordinary and anomalous pictures
    python -m tools.benchmark export-matrix     every recipe's tiny version in every quantization
    python -m tools.benchmark steps             language models token by token against re-encoding the prefix
    python -m tools.benchmark compression RUN   an autoencoder's latents against JPEG and WebP
    python -m tools.benchmark best-of RUN       precision and recall of pictures, best of 1, 2, 4 and 8 candidates
    python -m tools.benchmark anomalies         anomaly detection, one class against the rest; PCA, isolation forest
    python -m tools.benchmark denoising         denoisers against a median filter and non-local means
    python -m tools.benchmark restoration RUN   restored photographs against BM3D, NLM, biharmonic inpainting, ESPCN
    python -m tools.benchmark volumes SCAN      slice super-resolution against linear interpolation and splines
    python -m tools.benchmark translation RUN   translated pictures against copying and the nearest training pair
    python -m tools.benchmark recommendation RUN  recommenders over five folds against popularity, item-kNN and EASE
    python -m tools.benchmark tables            synthetic rows against a Gaussian copula and resampled training rows
    python -m tools.benchmark returns FILES     daily returns against block bootstrap, GARCH(1,1), EWMA, random walk
    python -m tools.benchmark video RUN         predicted or filled-in frames against copying, blending, optical flow
    python -m tools.benchmark flicker RUN... --clips CLIP   styled clips: warping error of style_video against style
    python -m tools.benchmark style RUN         styled photographs against 200 steps of optimisation for each
    python -m tools.benchmark forecasts         the autoregressive model against statsmodels' and naive forecasts
    python -m tools.benchmark text --recipe gpt bits per character after 5 and 15 minutes
    python -m tools.benchmark sentiment FILE    text classifiers with all labels and few, against TF-IDF
    python -m tools.benchmark labels RUN...     picture classification from few labels; pixels, from scratch
    python -m tools.benchmark music RUN...      pieces against an n-gram and real ones, real-time factor of the file
    python -m tools.benchmark sound RUN...      recognition, distances and reconstructions of sounds, real-time factor
    python -m tools.benchmark music-rules RUN  parallels in generated pieces by temperature, top_p and best-of-n
    python -m tools.benchmark molecules RUN     generated molecules or levels: valid, unique, novel, against a 6-gram
    python -m tools.benchmark forms RUN         share of generated poems or programs with the right form
    python -m tools.benchmark gpt --torch PYTHON the transformer against nanoGPT's CPU setting
    python -m tools.benchmark seq2seq             decoding against re-encoding the prefix, training step against PyTorch
    python -m tools.benchmark rewriting RUN     ROUGE, BLEU, chrF of exported files against the network, ten examples
    python -m tools.benchmark likelihood RUN    likelihood bounds of a VAE with 1, 100 and 5,000 samples
    python -m tools.benchmark faults --kills 50 training killed at random moments, torn checkpoints, full disks
    python -m tools.benchmark faults --every-call  every command killed before each of its writing system calls
    python -m tools.benchmark fuzz --cases 2000 damaged and hostile files for everything that reads files
    python -m tools.benchmark memory            does memory grow over 10,000 steps, and over 100,000 images?
    python -m tools.benchmark privacy           Fréchet distance of the private recipes at ε of 1, 3 and 10, and without
    python -m tools.benchmark federated         federated training: plain, secure, private; one client alone
    python -m tools.benchmark watermarks PLACE  detection in pictures after JPEG and the like, in texts by length
    python -m tools.benchmark scaling           two workers with one thread each against one
    python -m tools.benchmark augmentation RUN  a classifier of few images or sounds, with and without generated ones

Run nothing else at the same time. Figures from different machines are not comparable, their ratios are.
"""

from __future__ import annotations

import tyro
from tyro.extras import SubcommandApp

from aigc_tf.cli.command import friendly_exit
from tools.benchmarks.commands import images, photographs, runs, tables, text, trust, words

app = SubcommandApp()
for group in (images, photographs, words, text, runs, trust, tables):
    for command in group.COMMANDS:
        app.command(command)


if __name__ == "__main__":
    with friendly_exit():
        app.cli(prog="python -m tools.benchmark", config=(tyro.conf.FlagCreatePairsOff,))
