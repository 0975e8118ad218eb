"""Seed files for fuzzing: small files of every supported input format, valid and hostile."""

from __future__ import annotations

import csv
import io
import json
import random
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema
from PIL import Image
from tensorboard.compat.proto.event_pb2 import Event

from aigc_tf.data.classes import ClassNames
from aigc_tf.data.series.source import measure_scaling
from aigc_tf.data.text.vocabulary import learn_vocabulary
from aigc_tf.export import flatbuffer
from aigc_tf.families.base import GenerativeModel
from aigc_tf.families.create import create
from aigc_tf.recipes.ar import AR
from aigc_tf.recipes.base import Recipe
from aigc_tf.recipes.cgan import CGAN
from aigc_tf.recipes.char_rnn import CharRNN
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.vae import VAE
from aigc_tf.references import resolve
from aigc_tf.runs import checkpoints
from aigc_tf.storage.archives import is_whole, read_arrays
from tools.benchmarks.mutations import STRANGE_TEXTS, damaged, damaged_json

TEXT = "Im Anfang war das Wort,\nund das Wort war bei Gott.\n春眠不覺曉\n" * 3
TABLE = "day,wind,rain\n" + "".join(f"{day},{day % 7 - 0.5},{day * 1e3}\n" for day in range(30))
RATINGS = "userId,movieId,rating,timestamp\n" + "".join(f"{n % 7},{n},{n % 5}.5,{n * 60}\n" for n in range(40))
CELLS = (
    "1",
    "-2.5",
    "",
    " ",
    "nan",
    "inf",
    "1e400",
    "1e31",
    "wind",
    '"',
    "1,2",
    "1,000",
    "1.000,5",
    "5%",
    "€5",
    "2024-01-02",
    "01/02/2024",
    "1;2",
    "\0",
    "\n",
    "١٢",
    "0x10",
    "1_000",
)


# The fields of an export report that the model card shows.
EXPORT: dict[str, Any] = {
    "files": {"model.tflite": 1000, "saved_model/": 2000},
    "operators": {"CONV_2D": 3},
    "xnnpack": {"taken": 3, "of": 3},
    "peak_memory": {"added_by_file_bytes": 10**6},
    "latency": {"generate": {threads: {"median_ms": 0.5, "p95_ms": 0.75} for threads in ("1", "2")}},
    "keras_litert": {"generate": {"times_faster": {"1": {"least": 1.5}}}},
    "quality": {"generate": {"measure": "distance", "before": 1.0, "after": 1.25, "change": 0.25, "limit": 0.5}},
    "signatures": {
        "generate": {
            "inputs": {"latent": {"dtype": "float32", "shape": [1, 8], "meaning": "normal numbers"}},
            "outputs": {"image": {"dtype": "float32", "shape": [1, 16, 16, 1], "meaning": "in [0, 1]"}},
            "difference": {"saved_model": {"largest": 1e-6, "mean": 1e-7}, "tflite": {"largest": 1e-5, "mean": 1e-6}},
        }
    },
}


def runs(folder: Path) -> dict[Path, GenerativeModel]:
    """Run folders of image, text and time-series models, with their models."""
    vocabulary = learn_vocabulary([TEXT], CharRNN.tiny().text, with_ends=False)
    scaling = measure_scaling(("wind", "rain"), np.arange(20.0).reshape(10, 2) ** 2)
    made: tuple[tuple[Recipe, dict[str, Any]], ...] = (
        (DCGAN.tiny(), {}),
        (CharRNN.tiny(), {"vocabulary": vocabulary}),
        (AR.tiny(), {"scaling": scaling}),
        (VAE.tiny(), {}),
        (CGAN.tiny(), {"classes": ClassNames(("cat", "dog"))}),
    )
    return {folder / recipe.slug(): write_run(folder / recipe.slug(), recipe, assets) for recipe, assets in made}


def write_run(folder: Path, recipe: Recipe, assets: dict[str, Any]) -> GenerativeModel:
    """Write a run folder as after training, without training; returns the model."""
    folder.mkdir(parents=True)
    (folder / "recipe.json").write_text(recipe.to_json())
    (folder / "environment.json").write_text(json.dumps({"aigc_tf": "9.0"}))
    (folder / "source.json").write_text(json.dumps({"name": "auto", "fingerprint": "0", "licence": "none"}))
    (folder / "metrics.jsonl").write_text("".join(json.dumps({"step": s, "loss": 0.5}) + "\n" for s in (1, 2, 3)))
    write_events(folder / "tensorboard" / "events.out.tfevents.1.v2", steps=(1, 2, 3))
    exported = folder / "exports" / "tflite-none-batch1"
    exported.mkdir(parents=True)
    (exported / "export.json").write_text(json.dumps(EXPORT))
    (folder / "samples").mkdir()
    (folder / "samples" / "samples-00000002.txt").write_text(TEXT)
    (folder / "evaluation.json").write_text(json.dumps({"loss": 0.5, "step": 1, "protocol": {"samples": 10}}))
    for name, asset in assets.items():
        (folder / f"{name}.json").write_text(asset.to_json())
    model = create(recipe, **assets)
    figure = resolve(recipe.chooses).name
    best = {"step": 1, figure: 0.5}
    recorded = {"seconds": 1.0, "best": best, "quality": {figure: 0.75}, "watched": {"rises": 1}}
    for step in (1, 2):
        checkpoints.save(folder / "checkpoints", model.state(), step, recorded)
    checkpoints.mark_best(folder / "checkpoints", best)
    return model


def write_events(path: Path, steps: tuple[int, ...]) -> None:
    """Write an event file as TensorFlow does."""
    path.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as file:
        file.write(Event(file_version="brain.Event:2").SerializeToString())
        for step in steps:
            file.write(Event(step=step).SerializeToString())


def disturb(run: Path, chance: random.Random, outside: Path) -> None:
    """Damage, replace or remove one or two files of a run."""
    for _ in range(chance.randint(1, 2)):
        path = chance.choice(sorted(path for path in run.rglob("*") if path.is_file() and not path.is_symlink()))
        chance.choice(_DISTURBANCES)(path, chance, outside)


def _damage(path: Path, chance: random.Random, outside: Path) -> None:
    path.write_bytes(damaged(path.read_bytes(), chance))


def _damage_json(path: Path, chance: random.Random, outside: Path) -> None:
    if path.suffix == ".json":
        text = path.read_text(errors="replace")
        try:
            path.write_text(damaged_json(text, chance))
        except (ValueError, RecursionError):  # already damaged
            path.write_text("{}")


def _hostile_recipe(path: Path, chance: random.Random, outside: Path) -> None:
    """Write a recipe whose class is in a forbidden module, or that is nested deeper than Python's stack."""
    recipe = next(parent for parent in path.parents if parent.name == "run") / "recipe.json"
    if recipe.is_file() and not recipe.is_symlink():
        references = ["trap:Recipe", "os:system", "antigravity:x", "aigc_tf.recipes.dcgan:DCGAN.tiny"]
        written = json.dumps({"recipe": chance.choice(references), "fields": {}})
        recipe.write_text(chance.choice([written, written, "[" * 100_000]))


def _hostile_progress(path: Path, chance: random.Random, outside: Path) -> None:
    """Damage the recorded progress in an intact checkpoint."""
    run = next(parent for parent in path.parents if parent.name == "run")
    checkpoint = checkpoints.path_of(run / "checkpoints", 2)
    if is_whole(checkpoint) and not checkpoint.is_symlink():
        arrays = read_arrays(checkpoint)
        try:
            recorded = damaged_json(arrays["metadata.json"].tobytes().decode(), chance)
        except (ValueError, RecursionError):  # already damaged
            recorded = "{}"
        arrays["metadata.json"] = np.frombuffer(recorded.encode(), np.uint8)
        np.savez(checkpoint, allow_pickle=False, **arrays)


def _lose(path: Path, chance: random.Random, outside: Path) -> None:
    path.unlink()


def _folder_in_its_place(path: Path, chance: random.Random, outside: Path) -> None:
    path.unlink()
    path.mkdir()


def _link_out(path: Path, chance: random.Random, outside: Path) -> None:
    path.unlink()
    path.symlink_to(chance.choice([outside / "private.txt", outside, Path("/dev/null")]))


def _folder_linked_out(path: Path, chance: random.Random, outside: Path) -> None:
    run = next(parent for parent in path.parents if parent.name == "run")
    name = run / chance.choice(["samples", "exports", "tensorboard", ".lock", "README.md.partial"])
    if not name.is_symlink():
        shutil.rmtree(name, ignore_errors=True)
        name.symlink_to(outside)


def _foreign_file(path: Path, chance: random.Random, outside: Path) -> None:
    name = chance.choice(["step-00000009.npz", "best.json", "notes.txt", "README.md", "a\nb"])
    if not path.with_name(name).exists():
        shutil.copyfile(path, path.with_name(name))


_DISTURBANCES: tuple[Callable[[Path, random.Random, Path], None], ...] = (
    _damage, _damage, _damage_json, _damage_json, _hostile_recipe, _hostile_progress, _lose, _folder_in_its_place,
    _link_out, _folder_linked_out, _foreign_file,
)  # fmt: skip


def pictures() -> list[bytes]:
    """Image files of many formats and modes."""
    colours = np.random.default_rng(0).integers(0, 256, (12, 9, 4), np.uint8)
    image = Image.fromarray(colours)
    exif = Image.Exif()
    exif[0x0112] = 6
    saved: list[tuple[Image.Image, str, dict[str, Any]]] = [
        *((image.convert(mode), "PNG", {}) for mode in ("1", "L", "LA", "P", "RGB", "RGBA")),
        (Image.fromarray(colours[..., 0].astype(np.uint16) * 257), "PNG", {}),
        (image.convert("RGB"), "JPEG", {"exif": exif}),
        (image.convert("RGB"), "JPEG", {"progressive": True}),
        (image.convert("CMYK"), "JPEG", {}),
        *((image.convert("RGB"), "WEBP", {"lossless": lossless}) for lossless in (True, False)),
        *((image.convert(mode), "BMP", {}) for mode in ("1", "L", "RGB")),
        *((image, kind, {"save_all": True, "append_images": [image.rotate(90)]}) for kind in ("PNG", "GIF", "WEBP")),
        (Image.new("1", (20_000, 9_000)), "PNG", {}),  # 25 kB that decompress to 180 million pixels
    ]
    return [written(partial(picture.save, format=kind, **options)) for picture, kind, options in saved]


def archives(trap: object) -> list[bytes]:
    """`.npz` files of images and series, some with objects that execute code when unpickled."""
    numbers = np.random.default_rng(0)
    images, labels = numbers.integers(0, 256, (12, 6, 5), np.uint8), np.arange(12)
    contents: list[dict[str, Any]] = [
        {"images": images, "labels": labels},
        {"x_train": images, "y_train": labels, "x_test": images[:3], "y_test": labels[:3]},
        {"arr_0": images / 255},
        {"series": numbers.normal(size=(30, 2))},
        {"images": np.array([trap, None], object)},
        {"arr_0": np.array(trap, object)},
    ]
    return [written(partial(save, **content)) for content in contents for save in (np.savez, np.savez_compressed)]


def written(write: Callable[[io.BytesIO], Any]) -> bytes:
    """The bytes that `write` writes."""
    file = io.BytesIO()
    write(file)
    return file.getvalue()


def strange_table(chance: random.Random) -> str:
    """A CSV file with non-numeric cells, and rows of different lengths."""
    file = io.StringIO()
    delimiter = chance.choice(",;\t|")
    writer = csv.writer(file, delimiter=delimiter, quoting=chance.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    writer.writerow(["day", "wind", "rain"][: chance.randint(1, 3)])
    for row in range(chance.randint(0, 9)):
        writer.writerow([row, *(chance.choice(CELLS) if chance.random() < 0.2 else 1.5 for _ in range(2))])
    return file.getvalue()


def tflite_file(chance: random.Random) -> bytes:
    """A `.tflite` file with damaged metadata or bytes."""
    metadata = {"vocabulary": ["", "a"], "start": 0, "prior": {"mean": [0.0], "factor": [1.0]}}
    text = json.dumps(metadata) if chance.random() < 0.2 else damaged_json(json.dumps(metadata), chance)
    model, buffer, entry = schema.ModelT(), schema.BufferT(), schema.MetadataT()
    model.version = 3
    buffer.data = np.frombuffer(text.encode("utf-8", "replace"), np.uint8)
    entry.name, entry.buffer = flatbuffer.METADATA_NAME, chance.choice([0, 0, 0, 1, 2**31])
    model.buffers, model.metadata = [buffer], [entry]
    content = flatbuffer.packed(model)
    return content if chance.random() < 0.5 else damaged(content, chance)


def strange_name(chance: random.Random) -> str:
    """An unusual file name."""
    name = chance.choice(STRANGE_TEXTS)[:50].replace("/", "_").replace("\0", "_").encode("utf-8", "replace").decode()
    return f"{name}.png"
