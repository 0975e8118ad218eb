"""Show the cache, such as the prepared pictures of folders and feature networks, or clear it.

python -m tools.cache
python -m tools.cache --clear
"""

from aigc_tf.cli.cache import main

if __name__ == "__main__":
    main()
