"""Make a smaller model of a run: a GAN, a restoring network or a language model.

    python -m tools.distil saved_models/dcgan/RUN --share 0.25
    python -m tools.distil saved_models/gpt/RUN --prune 0.75 --steps 300
    python -m tools.distil saved_models/dcgan/RUN --prune 0.75 --channels

The first trains narrower layers with at most a quarter of the weights to do the same, the second goes on training the
run while three quarters of its weights become zero, the third with whole channels fewer. Each leaves a run like any
other: sample, evaluate, export it.
"""

from aigc_tf.cli.distil import main

if __name__ == "__main__":
    main()
