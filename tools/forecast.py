"""Forecast the next values of a run's data, or of a file of the same kind.

python -m tools.forecast saved_models/ar/RUN --steps 24
python -m tools.forecast saved_models/ar/RUN sales.csv --steps 24 --out forecast.csv
"""

from aigc_tf.cli.forecast import main

if __name__ == "__main__":
    main()
