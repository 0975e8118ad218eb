"""Runs a SavedModel with TensorFlow alone: `check_saved_model.py FOLDER INPUTS.npz OUTPUTS.npz`.

The keys of both archives are `signature/size/tensor`, where sizes are numbered; inputs are `[count, ...]` in whole
batches. It runs as a script in a new process, so that nothing from Keras or this package can help.
"""

import os
import sys

import numpy as np


def main(folder: str, inputs_path: str, outputs_path: str) -> None:
    """Run the inputs through the SavedModel and save the outputs."""
    import tensorflow as tf

    model = tf.saved_model.load(folder)
    outputs = {}
    with np.load(inputs_path, allow_pickle=False) as archive:
        for group in {tuple(key.split("/", 2)[:2]) for key in archive.files}:
            function, prefix = model.signatures[group[0]], "/".join(group) + "/"
            inputs = {key.removeprefix(prefix): archive[key] for key in archive.files if key.startswith(prefix)}
            batch = next(iter(function.structured_input_signature[1].values())).shape[0]
            count = len(next(iter(inputs.values())))
            answers = [
                function(**{key: tf.constant(values[start : start + batch]) for key, values in inputs.items()})
                for start in range(0, count, batch)
            ]
            for key in answers[0]:
                outputs[prefix + key] = np.concatenate([answer[key].numpy() for answer in answers])
    np.savez(outputs_path, allow_pickle=False, **outputs)


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    sys.modules["keras"] = None  # type: ignore[assignment]  # make importing it an error
    main(*sys.argv[1:])
