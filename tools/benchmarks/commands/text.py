"""Benchmarks of text and time-series models."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import tyro

from tools.benchmarks.showing import show


def text(
    recipe: Literal["gpt", "char_rnn", "word_lstm"],
    source: str = "auto",
    seconds: tuple[float, ...] = (300.0, 900.0),
    seed: int = 0,
    results: Path = Path("saved_models/benchmarks/text.jsonl"),
    json: bool = False,
) -> None:
    """Held-out bits per character of a language model after some minutes of training.

    Args:
        recipe: Recipe, with its defaults except for a schedule that ends at the longest training time.
        source: Text to train on.
        seconds: Training times at which to measure, within one run of the longest.
        seed: Random seed of the training.
        results: File of finished results; a repeated call continues from it. Name another one after changing recipes.
        json: Print one JSON object.
    """
    from tools.benchmarks.texts import bits_in_time

    show({"readings": bits_in_time(recipe, source, seed, seconds, results)}, json)


def forms(
    run: Annotated[Path, tyro.conf.Positional],
    form: Literal["quatrains", "programs"],
    count: int = 200,
    temperature: float = 1.0,
    seed: int = 0,
    json: bool = False,
) -> None:
    """Share of generated texts that are well-formed Chinese quatrains, or Python programs.

    Args:
        run: The run's folder; its best checkpoint is measured.
        form: Quatrains have four lines of five or seven characters with correct punctuation; of programs, the first 20
            lines, without the last, must parse as Python.
        count: Number of texts to generate.
        temperature: Sampling temperature; 1 is the model's own probabilities.
        seed: Random seed of the texts.
        json: Print one JSON object.
    """
    from tools.benchmarks.forms import forms as measure

    show(measure(run, form, count, temperature, seed), json)


def gpt(
    torch: Path, source: str = "auto", rounds: int = 10, seeds: tuple[int, ...] = (0, 1, 2), json: bool = False
) -> None:
    """The transformer against nanoGPT's CPU setting in PyTorch: time per step, and loss after the same time.

    Args:
        torch: Python interpreter with torch and numpy; this project need not be installed there.
        source: Text to train on.
        rounds: Number of rounds of 20 steps each, for the time per step.
        seeds: Random seeds, one after the other.
        json: Print one JSON object.
    """
    from tools.benchmarks.language import against_nanogpt

    show({"seeds": {seed: against_nanogpt(torch, source, rounds, seed) for seed in seeds}}, json)


def rewriting(
    run: Annotated[Path, tyro.conf.Positional],
    samples: int = 1000,
    quantize: tuple[Literal["none", "float16", "dynamic", "int8"], ...] = ("none", "dynamic", "int8"),
    json: bool = False,
) -> None:
    """Outputs of exported sequence-to-sequence files against the network: ROUGE or BLEU and chrF; ten examples.

    Args:
        run: A run of summary, translation or dialogue.
        samples: Number of test pairs.
        quantize: Quantizations of the files.
        json: Print one JSON object.
    """
    from tools.benchmarks.rewriting import rewriting as measure
    from tools.benchmarks.rewriting import table

    report = measure(run, samples, quantize)
    show(report, json) if json else print(table(report))


def seq2seq(torch: Path | None = None, rounds: int = 10, json: bool = False) -> None:
    """Speed of sequence-to-sequence models: decoding with a KV cache against re-encoding the prefix; training step.

    Args:
        torch: Python interpreter with torch and numpy, for the training step of PyTorch; None: decoding only.
        rounds: Number of rounds, of 64 tokens and of 5 steps.
        json: Print one JSON object.
    """
    from tools.benchmarks.seq2seq_speed import decoding, training_steps

    report = {"decoding": decoding(rounds)}
    if torch is not None:
        report["training"] = training_steps(torch, rounds)
    show(report, json)


def steps(tokens: int = 256, rounds: int = 5, json: bool = False) -> None:
    """Tokens per second of step-by-step decoding with an LSTM and a transformer, against two decoders of tutorials.

    Args:
        tokens: Length of the text in tokens.
        rounds: Number of texts of each variant.
        json: Print one JSON object.
    """
    from tools.benchmarks.steps import steps as measure

    show(measure(tokens, rounds), json)


def forecasts(seed: int = 0, json: bool = False) -> None:
    """Forecasts of three real series by the autoregressive model, against statsmodels' and seasonal-naive ones.

    Args:
        seed: Random seed of the order of the windows.
        json: Print one JSON object.
    """
    from tools.benchmarks.forecasts import forecasts as measure

    report = measure(seed)
    show(report, json) if json else print(report["table"])


def sentiment(
    source: Annotated[str, tyro.conf.Positional],
    unit: Literal["character", "word"] = "word",
    length: int = 48,
    vocabulary_size: int = 8192,
    per_class: tuple[int, ...] = (0, 50),
    seeds: tuple[int, ...] = (0,),
    steps: tuple[int, int, int] = (2000, 600, 100),
    results: Path = Path("saved_models/benchmarks/sentiment.jsonl"),
    json: bool = False,
) -> None:
    """Text classifiers with all labels and with few, from scratch and pre-trained as language models, against TF-IDF.

    Args:
        source: Labelled texts, such as a file of lines label<TAB>text.
        unit: What a token is: words, or characters for languages written without spaces.
        length: Maximum tokens of a text; longer texts are truncated.
        vocabulary_size: Maximum size of the vocabulary.
        per_class: Labels per class; 0 is all.
        seeds: Random seeds of labels and training.
        steps: Steps of the language model, of a classifier with all labels, and of one with few.
        results: File of finished results; a repeated call continues from it. The language model is stored next to it.
        json: Print one JSON object.
    """
    from aigc_tf.recipes.text import TextSettings
    from tools.benchmarks.sentiment import sentiment as measure

    settings = TextSettings(unit=unit, vocabulary_size=vocabulary_size, lines=True, length=length)
    report = measure(source, settings, [number or None for number in per_class], seeds, steps, results)
    show(report, json) if json else print(report["table"])


def molecules(
    runs: Annotated[tuple[Path, ...], tyro.conf.Positional], samples: int = 1000, seed: int = 0, json: bool = False
) -> None:
    """Generated molecules or levels: valid, unique, novel, against a 6-gram and held-out ones.

    Args:
        runs: Runs of molecules or levels.
        samples: Number of designs, at most 1,000.
        seed: Random seed of the samples.
        json: Print one JSON object.
    """
    from tools.benchmarks.molecules import molecules as measure
    from tools.benchmarks.molecules import table

    rows = measure(runs, samples, seed)
    show({"rows": rows}, json) if json else print(table(rows))


COMMANDS = (molecules, text, sentiment, forms, gpt, rewriting, seq2seq, steps, forecasts)
