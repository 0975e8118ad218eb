"""Show what is kept between runs, such as the prepared pictures of folders, or remove it.

python -m tools.cache
python -m tools.cache --clear
"""

from aigc_tf.cli.cache import main

if __name__ == "__main__":
    main()
