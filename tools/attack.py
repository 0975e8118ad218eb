"""Attack a run: inputs moved a little, words swapped, training examples found out.

    python -m tools.attack saved_models/ganomaly/RUN --epsilon 8/255 --steps 40 --anomalies FOLDER --json
    python -m tools.attack saved_models/dcgan/RUN                        # the discriminator
    python -m tools.attack saved_models/dcgan/RUN --judge classifier     # the classifier of the run's source
    python -m tools.attack saved_models/classify/RUN                     # words swapped for their neighbours
    python -m tools.attack saved_models/vae/RUN --members                # who was learnt from?

writes `attack.png`, accuracy or AUROC by how far inputs may be moved, into the run's folder, or to --out.
"""

from aigc_tf.cli.attack import main

if __name__ == "__main__":
    main()
