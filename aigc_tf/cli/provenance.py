"""Show the provenance of a generated file, detect watermarks, verify that a run reproduces it, or sign it."""

from __future__ import annotations

import json as jsons
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from aigc_tf.cli.checks import require_inputs
from aigc_tf.cli.command import FAILED, command
from aigc_tf.cli.credentials import report_credentials, sign_file
from aigc_tf.cli.finishing import ON_THE_WAY
from aigc_tf.cli.options import chosen_options
from aigc_tf.cli.watermarks import Looked, look_for
from aigc_tf.errors import InputError

if TYPE_CHECKING:
    from aigc_tf.modalities.credentials import Credentials
    from aigc_tf.runs.run import Run


def provenance(
    file: Annotated[Path, tyro.conf.Positional],
    verify: Path | None = None,
    watermark: str | None = None,
    run: Path | None = None,
    sign: Path | None = None,
    certificate: Path | None = None,
    out: Path | None = None,
    json: bool = False,
) -> None:
    """Show the provenance of a generated file: model, run, seed, data and its licence, and who signed it.

    Exit status 1 if `--verify` finds a difference, if `--watermark` finds none, if the file was changed after it was
    signed, or if `--certificate` does not vouch for the signer.

    Args:
        file: A picture, sound, piece, clip, text, table or .tflite file that this package has written.
        verify: A run's folder: generate the file again with it, and compare the bits.
        watermark: A key: detect whether the picture or text was generated with it, from the content alone; no mark of
            origin is needed.
        run: With --watermark, for a text: the run that may have written it.
        sign: A private key (.pem): write a copy of the picture, sound or clip with content credentials (C2PA).
        certificate: With --sign, the certificates of that key (.pem). Otherwise certificates of signers, or of their
            issuers, that you trust: was the file signed by one of them? No mark of origin is needed.
        out: With --sign, the signed copy.
        json: Print one JSON object.
    """
    require_inputs([file], [])
    if watermark is not None:
        if verify is not None:
            raise InputError("--watermark and --verify cannot be combined: use one after the other")
        report_watermark(look_for(watermark, file, run), json)
        return

    if sign is not None:
        sign_file(file, mark_of(file), sign, certificate, out)
        return
    if out is not None:
        raise InputError("--out is the signed copy: give --sign, the key")

    found = credentials_of(file, certificate)
    if found is not None or certificate is not None:
        if verify is not None:
            raise InputError("--verify compares all bits: give it the file as it was before it was signed")
        report_credentials(found, certificate is not None, json)
        return

    mark = mark_of(file)
    difference = None if verify is None else difference_to(file, mark, verify)
    if json:
        print(jsons.dumps(mark | ({} if verify is None else {"verified": difference is None}), ensure_ascii=False))
    else:
        for key, value in mark.items():
            print(f"{key}: {value}")
        if verify is not None:
            print(f"\n{verify} generates the same bits" if difference is None else f"\nnot verified: {difference}")
    if difference is not None:
        raise SystemExit(FAILED)


def report_watermark(looked: Looked, json: bool) -> None:
    """Print whether a watermark was found; exit status 1 if not."""
    said = "found" if looked.found else "not found"
    print(jsons.dumps({"watermark": looked.found, "evidence": looked.words}) if json else f"{said}: {looked.words}")
    if not looked.found:
        raise SystemExit(FAILED)


def credentials_of(file: Path, trusted: Path | None) -> Credentials | None:
    """The content credentials of any file; see `read_credentials`."""
    from aigc_tf.modalities.credentials import read_credentials

    if trusted is not None:
        require_inputs([trusted], [])
    return read_credentials(file, trusted)


def mark_of(file: Path) -> dict[str, str]:
    """The mark of origin of any file; see `read_mark`. Models have theirs in their metadata."""
    from aigc_tf.modalities.origin import read_mark

    if file.suffix != ".tflite":
        return read_mark(file)
    from aigc_tf.export.flatbuffer import read_metadata

    try:
        found = read_metadata(file)
    except ValueError as error:
        raise InputError(str(error)) from error
    return {key: value for key, value in found.items() if isinstance(value, str)}


def difference_to(file: Path, mark: Mapping[str, str], run: Path) -> str | None:
    """How a run fails to reproduce a file; None if it generates the same bits.

    Raises:
        InputError: the file was not generated from a seed alone, its mark is damaged, or there is no such run.
    """
    from aigc_tf.families.state import weights_hash
    from aigc_tf.runs.run import Run

    how = Drawing.of(file, mark)
    opened = Run.open(run, how.checkpoint)
    if weights_hash(opened.model) != mark.get("weights"):
        return f"the weights of {run} differ"
    with tempfile.TemporaryDirectory() as folder:
        again = how.again(opened, Path(folder), file.name, mark)
        if not again.is_file() or again.read_bytes() != file.read_bytes():
            return "the bits differ: the file was changed, or generated on another machine or version"
    return None


@dataclass(frozen=True)
class Drawing:
    """How a file was generated, as `tools.sample` records it in the mark."""

    seed: int
    checkpoint: Any
    count: int
    condition: tuple[str, ...]
    options: Mapping[str, Any]
    one_file: bool
    """Whether all examples are in one file, or each in its own."""

    @classmethod
    def of(cls, file: Path, mark: Mapping[str, str]) -> Drawing:
        """Read from a mark; see `difference_to`."""
        drawn_with = mark.get("drawn with", "")
        changed = ['"watermark": "yes"', *(f'"{name}": ' for name in ON_THE_WAY)]
        if not drawn_with or any(words in drawn_with for words in changed):
            raise InputError(f"{file} was not generated from a seed alone: leave --verify out")
        try:
            how = jsons.loads(drawn_with)
            options = {name: in_tuples(value) for name, value in how["options"].items()}
            count, one_file, checkpoint = int(how["count"]), bool(how["one file"]), str(how["checkpoint"])
            return cls(int(mark["seed"]), checkpoint, count, tuple(how["condition"]), options, one_file)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError(f"the mark of {file} is damaged: it does not say how the file was generated") from error

    def again(self, run: Run, folder: Path, name: str, mark: Mapping[str, str]) -> Path:
        """Generate it again; returns the path of the file of that name."""
        from aigc_tf.cli.sample import draw

        arguments = chosen_options(run.recipe, "sample_options", self.options)
        drawn = draw(run, self.count, self.seed, self.condition, arguments)
        out = folder / (name if self.one_file else "drawn")
        run.model.gives.write_batches(out, drawn.batches, drawn.total, mark, drawn.columns)
        return out if self.one_file else out / name


def in_tuples(value: Any) -> Any:
    """JSON lists as tuples, as options have them."""
    return tuple(map(in_tuples, value)) if isinstance(value, list) else value


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    command(provenance, arguments)
