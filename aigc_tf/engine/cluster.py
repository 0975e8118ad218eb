"""Reads and validates the environment variable TF_CONFIG, which TensorFlow itself trusts without checks."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

from aigc_tf.errors import InputError, printable

Task = tuple[str, int]
"""The role of a process, and its index within that role."""
ROLES = ("chief", "worker")
"""Roles of the processes that train, in the order in which they are numbered."""
_SHOWN = 60  # characters shown of an invalid value


def tasks_in_environment() -> tuple[list[Task], Task | None]:
    """The processes that TF_CONFIG lists, the chief first, and which of them this one is, if it says so.

    Raises:
        InputError: it does not have the form that docs/SCALING.md shows, or two processes have the same address.
    """
    try:
        config = json.loads(os.environ.get("TF_CONFIG") or "{}")
    except (ValueError, RecursionError) as error:
        raise _refusal(f"it is not JSON: {error}") from None
    if not isinstance(config, dict):
        raise _refusal(f"it is {_shown(config)}, and an object is needed")
    cluster, task = config.get("cluster", {}), config.get("task")
    if not isinstance(cluster, dict):
        raise _refusal(f"cluster is {_shown(cluster)}, and an object is needed: a list of addresses for each role")
    addresses = [address for role, listed in cluster.items() for address in _addresses(role, listed)]
    double = next((address for address in addresses if addresses.count(address) > 1), None)
    if double is not None:
        raise _refusal(f"{_shown(double)} is listed twice: each process needs an address of its own")
    if len(cluster.get("chief", ())) > 1:
        raise _refusal(f"it names {len(cluster['chief'])} chiefs: there is one, and others are workers")
    tasks = [(role, number) for role in ROLES for number in range(len(cluster.get(role, ())))]
    return tasks, None if task is None else _own(task)


def _addresses(role: str, listed: Any) -> Iterator[str]:
    """The addresses of a role, each one validated."""
    role = role[:_SHOWN]
    if not isinstance(listed, list):
        raise _refusal(f'cluster.{role} is {_shown(listed)}, and a list is needed: ["HOST:PORT", ...]')
    for number, address in enumerate(listed):
        host, _, port = address.rpartition(":") if isinstance(address, str) else ("", "", "")
        number_of_port = int(port) if port.isascii() and port.isdecimal() and len(port) < 6 else 0
        if not host or not host.isprintable() or " " in host or not 0 < number_of_port < 2**16:
            raise _refusal(f"cluster.{role}[{number}] is {_shown(address)}, and HOST:PORT is needed")
        yield address


def _own(task: Any) -> Task:
    """The process that this one is."""
    if not isinstance(task, dict):
        raise _refusal(f'task is {_shown(task)}, and an object is needed: {{"type": "worker", "index": 0}}')
    role, number = task.get("type"), task.get("index")
    if role not in ROLES:
        raise _refusal(f"task.type is {_shown(role)}: choose chief or worker")
    if type(number) is not int or number < 0:  # True is an int as well
        raise _refusal(f"task.index is {_shown(number)}, and a number from 0 is needed")
    return role, number


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _refusal(why: str) -> InputError:
    return InputError(f"the environment variable TF_CONFIG cannot be used: {printable(why)} (docs/SCALING.md)")
