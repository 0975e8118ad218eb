"""Images from .npz files."""

from __future__ import annotations

from pathlib import Path

from aigc_tf.data.files import load_arrays
from aigc_tf.data.images.arrays import (
    check_images,
    checked_labels,
    hold_out,
    in_chunks,
    number_classes,
    own_source,
    prepared_split,
)
from aigc_tf.data.images.source import ImageSource
from aigc_tf.data.source import HELD_OUT, TEST_SPLIT
from aigc_tf.errors import InputError
from aigc_tf.recipes.images import ImageSettings

# Names of (images, labels) in each split; only the first name is required. "arr_0" is NumPy's default name.
_LAYOUTS = (
    (("images", "labels"),),
    (("x_train", "y_train"), ("x_test", "y_test")),  # Keras's files
    (("arr_0", ""),),
)


def open_npz(path: Path, settings: ImageSettings) -> ImageSource:
    """Open the images in an .npz file with arrays named as in `_LAYOUTS`.

    Raises:
        InputError: the file cannot be read, would need unpickling, or has other content.
    """
    arrays = load_arrays(path)
    layout = next((layout for layout in _LAYOUTS if layout[0][0] in arrays), None)
    if layout is None:
        raise InputError(
            f"{path} holds {', '.join(arrays) or 'nothing'}: expected images (and labels), "
            "x_train (and y_train, x_test, y_test), or a single array without a name"
        )
    images, labels = [], []
    for image_name, label_name in layout:
        if image_name not in arrays:
            continue
        images.append(arrays.pop(image_name))
        check_images(images[-1], f"{path}: {image_name}")
        if label_name in arrays:
            labels.append(checked_labels(arrays.pop(label_name), len(images[-1]), f"{path}: {label_name}"))
    if labels and len(labels) < len(images):
        raise InputError(f"{path} has only one of y_train and y_test: both or neither are needed")
    notes = (f"{path.name} also holds {', '.join(arrays)}: not used",) if arrays else ()
    numbered, class_names = number_classes(labels)
    parts = [in_chunks(images[i], numbered[i] if numbered else None) for i in range(len(images))]
    if len(parts) == 1:
        train, test = hold_out(parts[0], settings)
        return own_source(str(path), train, test, class_names, HELD_OUT, notes)
    train, test = (prepared_split(part, settings) for part in parts)
    return own_source(str(path), train, test, class_names, TEST_SPLIT, notes)
