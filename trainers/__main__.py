"""List the trainers: `python -m trainers`."""

from aigc_tf.recipes.registry import recipe_classes

if __name__ == "__main__":
    for name, recipe in recipe_classes().items():
        print(f"python -m trainers.{name:<24} {(recipe.__doc__ or '').splitlines()[0]}")
