"""Content credentials on the command line: signing files, and reporting signatures."""

from __future__ import annotations

import json as jsons
from pathlib import Path
from typing import TYPE_CHECKING

from aigc_tf.cli.checks import require_ending, require_inputs
from aigc_tf.cli.command import FAILED
from aigc_tf.errors import InputError

if TYPE_CHECKING:
    from aigc_tf.modalities.credentials import Credentials


def sign_file(file: Path, mark: dict[str, str], key: Path, certificate: Path | None, out: Path | None) -> None:
    """Write a signed copy of a file, and say how much larger it is.

    Raises:
        InputError: `certificate` or `out` is missing or unfit, or see `modalities.credentials.sign`.
    """
    from aigc_tf.modalities.credentials import sign

    if certificate is None or out is None:
        raise InputError("--sign needs --certificate, the certificates of that key, and --out, the signed copy")
    require_inputs([key, certificate], [])
    require_ending(out, [file.suffix])
    size = file.stat().st_size
    sign(file, mark, key, certificate, out)
    print(f"{out}: signed, {out.stat().st_size - size:,} bytes larger")


def report_credentials(found: Credentials | None, asked: bool, json: bool) -> None:
    """Print what was signed, by whom, and whether the signature is valid; exit status 1 if it is not.

    Args:
        found: the credentials of a file; None if there are none.
        asked: whether the signer has to be trusted.
        json: print one JSON object.
    """
    if json:
        told = {} if found is None else {**found.mark, "credentials": _for_programs(found, asked)}
        print(jsons.dumps(told or {"credentials": None}, ensure_ascii=False))
    else:
        for key, value in (found.mark if found else {}).items():
            print(f"{key}: {value}")
        print(f"content credentials: {_in_words(found, asked)}")
    if found is None or not found.valid or (asked and not found.trusted):
        raise SystemExit(FAILED)


def _in_words(found: Credentials | None, asked: bool) -> str:
    if found is None:
        return "none: the file was never signed, or another program re-saved it"
    trust = "trusted" if found.trusted else "not trusted"
    name = f"{trust} by --certificate" if asked else "a name that anybody can use: check it with --certificate"
    kind = found.source_type.rsplit("/", 1)[-1] or "kind of source not stated"
    faults = ", ".join(found.faults)
    state = "unchanged since" if found.valid else f"CHANGED since, or its certificate has expired ({faults})"
    return f"{kind}, signed by {found.signer} ({name}), {state}"


def _for_programs(found: Credentials, asked: bool) -> dict[str, object]:
    return {
        "signer": found.signer,
        "trusted": found.trusted if asked else None,
        "valid": found.valid,
        "faults": list(found.faults),
        "source type": found.source_type,
    }
