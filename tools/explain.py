"""Explain a model's outputs (saliency, attributions), and check whether the explanations are meaningful.

    python -m tools.explain saved_models/ganomaly/RUN picture.png --out report.html    # maps of an anomaly score
    python -m tools.explain saved_models/dcgan/RUN picture.png                # of the discriminator
    python -m tools.explain saved_models/dcgan/RUN picture.png --judge classifier      # of the classifier of its source
    python -m tools.explain saved_models/dcgan/RUN                            # latent dimensions and what they change
    python -m tools.explain saved_models/ar/RUN history.csv                   # of a forecast
    python -m tools.explain saved_models/classify/RUN --text "not bad" --out report.html
    python -m tools.explain saved_models/gpt/RUN --text "In the beginning God created the heaven"

writes one page, `explanation.html` in the run's folder if --out names no other; for a language model, unless --out is
an .html file, `surprise.html`, the text with each token coloured by its loss, and for a transformer `attention.png`,
the attention weights of every head.
"""

from aigc_tf.cli.explain import main

if __name__ == "__main__":
    main()
