"""Compress a run by distillation or pruning: a GAN, a restoration network or a language model.

    python -m tools.distil saved_models/dcgan/RUN --share 0.25
    python -m tools.distil saved_models/gpt/RUN --prune 0.75 --steps 300
    python -m tools.distil saved_models/dcgan/RUN --prune 0.75 --channels

The first trains a student of narrower layers with at most a quarter of the weights, the second continues training while
three quarters of the weights are pruned to zero, the third removes whole channels. Each result is an ordinary run:
sample, evaluate, export it.
"""

from aigc_tf.cli.distil import main

if __name__ == "__main__":
    main()
