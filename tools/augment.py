"""Generate labelled pictures with a conditional model, to train other models on.

    python -m tools.augment saved_models/cgan/RUN --count 5000 --out generated

Every class gets a folder of PNG files; `--source generated` reads them back with their labels, and so does any program
that takes a folder per class. The files record that they were generated, by which run, with which seed. Calls with
other seeds add to the same folders. Measure how useful such pictures are with `python -m tools.benchmark augmentation`.
"""

from aigc_tf.cli.augment import main

if __name__ == "__main__":
    main()
