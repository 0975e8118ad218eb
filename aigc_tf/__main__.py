"""`python -m aigc_tf`: the same as the console command `aigc-tf`."""

from aigc_tf.cli.main import main

if __name__ == "__main__":
    main()
