"""Attack a run: adversarial examples, word substitutions, membership inference.

    python -m tools.attack saved_models/ganomaly/RUN --epsilon 8/255 --steps 40 --anomalies FOLDER --json
    python -m tools.attack saved_models/dcgan/RUN                        # the discriminator
    python -m tools.attack saved_models/dcgan/RUN --judge classifier     # the classifier of the run's source
    python -m tools.attack saved_models/classify/RUN                     # words replaced by their neighbours
    python -m tools.attack saved_models/vae/RUN --members                # membership inference

writes `attack.png`, accuracy or AUROC by the size of the perturbation, into the run's folder, or to --out.
"""

from aigc_tf.cli.attack import main

if __name__ == "__main__":
    main()
