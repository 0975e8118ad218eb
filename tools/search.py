"""Hyperparameter search for a recipe: random search with successive halving.

    python -m tools.search trainers.dcgan --space space.json --trials 20 --seconds 60
    python -m trainers.dcgan --recipe saved_models/search/dcgan/best.json

where space.json is `{"generator_optimizer.learning_rate": {"log_uniform": [1e-4, 1e-3]}, "batch_size": {"choice": [16,
32]}}`. `python -m tools.search dcgan --help` lists the fields. Needs `pip install optuna`.
"""

from aigc_tf.cli.search import main

if __name__ == "__main__":
    main()
