"""Content credentials (C2PA): signed provenance inside a file, with a check that the file is unchanged.

The statement is a C2PA manifest (Technical Specification 2.4, https://spec.c2pa.org), which image programs and websites
can read as well: the file was made by a trained model (IPTC's digital source type `trainedAlgorithmicMedia`), by which
one, in which run, from data under which licence. The hash of the rest of the file is part of what is signed.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aigc_tf.errors import InputError, printable
from aigc_tf.optional import needed
from aigc_tf.storage.files import write_atomically

TRAINED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
ENDINGS = (".png", ".gif", ".wav", ".flac", ".mp4")
"""Suffixes of files that hold a provenance mark and can be signed."""
_ACTIONS, _ORIGIN = "c2pa.actions.v2", "aigc_tf.origin"  # labels of assertions
_STORE = b"jumdc2pa"  # the start of every manifest store: JUMBF's description box, and C2PA's type
_VALID, _TRUSTED = ("Valid", "Trusted"), "Trusted"
_HERE_ALONE = {
    "builder": {"thumbnail": {"enabled": False}},  # one would be 80 times larger than all the rest
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},  # reading a foreign file makes no connections
}


@dataclass(frozen=True)
class Credentials:
    """The statement of a file's last signer, and the result of its validation."""

    signer: str
    """Names on the certificate; anybody can make a certificate with these names unless `trusted`."""
    valid: bool
    """Whether the file is unchanged since it was signed, and the certificate has not expired."""
    trusted: bool
    """Whether the certificate chains to one of the trusted certificates."""
    faults: tuple[str, ...]
    """Failed checks, as C2PA status codes such as `assertion.dataHash.mismatch`."""
    source_type: str
    """IPTC's digital source type, a URL; empty if the signer gave none."""
    mark: Mapping[str, str]
    """The signed provenance mark; empty in files of other programs."""


def sign(path: Path, mark: Mapping[str, str], key: Path, certificates: Path, out: Path) -> None:
    """Write a copy of a file with content credentials (ES256, without a time stamp: nothing is sent anywhere).

    Args:
        path: a file with a suffix in `ENDINGS`, not yet signed.
        mark: the provenance mark to sign.
        key: private key on the curve P-256, in PEM (PKCS#8), not encrypted.
        certificates: in PEM: the key's certificate, then its chain.
        out: path of the copy.

    Raises:
        InputError: the file is of another type or signed already, key and certificates cannot sign, or the package
            c2pa-python is not installed.
    """
    c2pa, content = library(), path.read_bytes()
    if path.suffix.lower() not in ENDINGS:
        raise InputError(f"{path} cannot be signed: files ending in {', '.join(ENDINGS)} can")
    if _STORE in content:
        raise InputError(f"{path} is signed already: sign the file that it was made from")
    form, signed = path.suffix[1:].lower(), io.BytesIO()
    try:
        how = c2pa.C2paSignerInfo(c2pa.C2paSigningAlg.ES256, certificates.read_bytes(), key.read_bytes(), None)
        with (
            c2pa.Context.from_dict(_HERE_ALONE) as context,
            c2pa.Signer.from_info(how) as signer,
            c2pa.Builder(_manifest(path.name, mark), context) as builder,
        ):
            builder.sign(signer, form, io.BytesIO(content), signed)
    except (c2pa.C2paError, ValueError) as error:
        why = f"{path} cannot be signed with {key} and {certificates}: {printable(str(error))}"
        raise InputError(f"{why}; docs/PRIVACY.md says how to make them") from error
    write_atomically(out, lambda file: file.write(signed.getvalue()))


def read_credentials(path: Path, trusted: Path | None = None) -> Credentials | None:
    """The content credentials of a file; None if there are none: it was never signed, or they were lost.

    Args:
        path: a file of any type.
        trusted: certificates in PEM of trusted signers or certificate authorities.

    Raises:
        InputError: the file or the certificates cannot be read, or the package c2pa-python is not installed.
    """
    content = path.read_bytes() if path.suffix.lower() in ENDINGS else b""
    if _STORE not in content:
        return None
    c2pa = library()
    trust = {} if trusted is None else {"trust": {"trust_anchors": trusted.read_text("utf-8", "replace")}}
    try:
        with (
            c2pa.Context.from_dict(_HERE_ALONE | trust) as context,
            c2pa.Reader(path.suffix[1:].lower(), io.BytesIO(content), context=context) as reader,
        ):
            found = json.loads(reader.json())
    except c2pa.C2paError as error:
        raise InputError(f"the content credentials of {path} cannot be read: {printable(str(error))}") from error
    if found.get("active_manifest") not in found["manifests"]:
        raise InputError(f"the content credentials of {path} cannot be read: they are damaged")
    return _credentials(found)


def _manifest(title: str, mark: Mapping[str, str]) -> dict[str, Any]:
    from aigc_tf import __version__

    agent = {"name": "aigc_tf", "version": __version__}
    created = {"action": "c2pa.created", "digitalSourceType": TRAINED, "softwareAgent": agent}
    assertions = [
        {"label": _ACTIONS, "created": True, "data": {"actions": [created]}},  # created: the signer vouches for it
        {"label": _ORIGIN, "created": True, "data": dict(mark)},
    ]
    return {"claim_generator_info": [agent], "title": title, "assertions": assertions}


def _credentials(found: Mapping[str, Any]) -> Credentials:
    manifest, state = found["manifests"][found["active_manifest"]], found["validation_state"]
    said = {assertion["label"]: assertion["data"] for assertion in manifest["assertions"]}
    names = manifest.get("signature_info", {})
    actions = said.get(_ACTIONS, {}).get("actions", [])
    return Credentials(
        signer=printable(", ".join(names[name] for name in ("common_name", "issuer") if name in names)),
        valid=state in _VALID,
        trusted=state == _TRUSTED,
        faults=tuple(failure["code"] for failure in found["validation_results"]["activeManifest"]["failure"]),
        source_type=next((action["digitalSourceType"] for action in actions if "digitalSourceType" in action), ""),
        mark={key: value for key, value in said.get(_ORIGIN, {}).items() if isinstance(value, str)},
    )


def library() -> Any:
    """Import the package c2pa.

    Raises:
        InputError: it is not installed.
    """
    return needed("c2pa", to="sign and check files", extra="credentials", package="c2pa-python")
