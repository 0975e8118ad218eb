"""Score inputs with a run: anomaly scores of pictures, likelihoods of texts.

python -m tools.score saved_models/ganomaly/RUN photos --out scores.csv
python -m tools.score saved_models/gpt/RUN --text "In the beginning" "Colourless green ideas"
"""

from aigc_tf.cli.score import main

if __name__ == "__main__":
    main()
