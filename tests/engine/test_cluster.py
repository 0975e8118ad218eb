"""TF_CONFIG: parsed as by TensorFlow, and refused in one line wherever TensorFlow would fail, hang or guess."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aigc_tf.engine.cluster import tasks_in_environment
from aigc_tf.engine.distribution import join
from aigc_tf.errors import InputError

TWO = {"worker": ["a:1", "b:1"]}
FIRST = {"type": "worker", "index": 0}
DEEP = "[" * 100_000


def test_the_chief_comes_first_and_each_process_finds_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = {"worker": ["a:1", "[::1]:65535"], "chief": ["c.example:2222"], "evaluator": ["e:1"]}
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": cluster, "task": {"type": "worker", "index": 1}}))
    assert tasks_in_environment() == ([("chief", 0), ("worker", 0), ("worker", 1)], ("worker", 1))
    for text in ("", "{}", '{"environment": "cloud"}'):
        monkeypatch.setenv("TF_CONFIG", text)
        assert tasks_in_environment() == ([], None)


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ("{", "it is not JSON"),
        (DEEP, "it is not JSON"),
        ([], r"it is \[\], and an object"),
        ("null", "it is null, and an object"),
        ({"cluster": ["a:1"]}, "cluster is .*, and an object"),
        ({"cluster": {"worker": "localhost:2222"}}, 'cluster.worker is "localhost:2222", and a list'),
        ({"cluster": {"worker": {"0": "a:1"}}}, "cluster.worker is .*, and a list"),
        ({"cluster": {"\n\x1b[2J": None}}, r"cluster.\\n\\x1b\[2J is null, and a list"),
        ({"cluster": {"w" * 5000: [1]}}, r"cluster.w*\[0\] is 1, and HOST:PORT"),
        ({"cluster": {"worker": [1]}}, r"cluster.worker\[0\] is 1, and HOST:PORT"),
        ({"cluster": {"worker": ["a:1", "a"]}}, r'cluster.worker\[1\] is "a", and HOST:PORT'),
        ({"cluster": {"worker": ["a:0"]}}, "cluster.*, and HOST:PORT is needed"),
        ({"cluster": {"worker": ["a:65536"]}}, "cluster.*, and HOST:PORT is needed"),
        ({"cluster": {"worker": ["a:" + "9" * 5000]}}, "cluster.*, and HOST:PORT is needed"),
        ({"cluster": {"worker": [":1"]}}, "cluster.*, and HOST:PORT is needed"),
        ({"cluster": {"worker": ["a\nb:1"]}}, "cluster.*, and HOST:PORT is needed"),
        ({"cluster": {"worker": ["a:1", "a:1"]}}, '"a:1" is listed twice'),
        ({"cluster": {"worker": ["a:1"], "chief": ["a:1"]}}, '"a:1" is listed twice'),
        ({"cluster": {"chief": ["a:1", "b:1"]}}, "it names 2 chiefs"),
        ({"cluster": TWO, "task": "worker"}, 'task is "worker", and an object'),
        ({"cluster": TWO, "task": {"index": 0}}, "task.type is null"),
        ({"cluster": TWO, "task": {"type": "ps", "index": 0}}, 'task.type is "ps"'),
        ({"cluster": TWO, "task": {"type": ["worker"], "index": 0}}, "task.type is .*: choose chief or worker"),
        ({"cluster": TWO, "task": {"type": "worker"}}, "task.index is null"),
        ({"cluster": TWO, "task": FIRST | {"index": -1}}, "task.index is -1"),
        ({"cluster": TWO, "task": FIRST | {"index": 0.5}}, "task.index is 0.5"),
        ({"cluster": TWO, "task": FIRST | {"index": True}}, "task.index is true"),
        ({"cluster": TWO, "task": FIRST | {"index": "0"}}, 'task.index is "0"'),
    ],
)
@pytest.mark.parametrize("strategy", ["one", "multi_worker"])
def test_what_is_no_list_of_different_addresses_is_refused(
    strategy: Any, config: Any, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_CONFIG", config if isinstance(config, str) else json.dumps(config))
    with pytest.raises(InputError, match=f"TF_CONFIG cannot be used: {reason}") as caught:
        join(strategy)
    assert str(caught.value).isprintable() and len(str(caught.value)) < 250


@pytest.mark.parametrize(
    ("task", "reason"),
    [(None, "task is missing"), (FIRST | {"index": 10**30}, f"worker {10**30}, which is not one of its workers")],
)
def test_a_process_has_to_be_one_of_the_workers(task: Any, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": TWO, "task": task}))
    with pytest.raises(InputError, match=reason):
        join("multi_worker")
