"""List the recipes, or train one: `python -m trainers`, `python -m trainers dcgan`."""

from aigc_tf.cli.train import main

if __name__ == "__main__":
    main()
