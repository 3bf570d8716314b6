"""A change that takes something away waits for `credence activate`: while the service runs, and at its start."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.settings import Settings
from ledger.journal.journal import Journal
from tests.support.command_line import credence
from tests.support.running_service import BODY, FACTS, ORDERS, eventually, running, write_rules

SECOND = """\
policy: second
title: {en: Second look, zh: 复核}
decides: order
rules:
  tiny:
    when: order.amount < 1
    then: hold
    reason: {en: Tiny., zh: 过小。}
  odd:
    when: order.amount = 12000
    then: reject
    reason: {en: Odd., zh: 可疑。}
...
"""
BOTH = FACTS.replace("[orders]", "[orders, second]")
WITHOUT_ODD = SECOND[: SECOND.index("  odd:")] + "...\n"
TINY = {**BODY, "order": {"id": "SO-2", "amount": "0.50"}}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    rules = write_rules(tmp_path / "rules")
    (rules / "second.yaml").write_text(SECOND, encoding="utf-8")
    (rules / "facts.yaml").write_text(BOTH, encoding="utf-8")
    return Settings(rules=rules, journal=tmp_path / "credence.db")


@pytest.fixture
def client(settings: Settings) -> Iterator[httpx2.Client]:
    with running(settings) as client:
        yield client


def _ready(client: httpx2.Client) -> Any:
    return client.get("/readyz").json()


def _outcome(client: httpx2.Client, body: object = BODY) -> str:
    answer = client.post("/v1/decisions/order", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["outcome"])


def _wait_for_pending(client: httpx2.Client) -> Any:
    eventually(lambda: _ready(client)["pending"] is not None)
    return _ready(client)["pending"]


def _gone(pending: Any) -> tuple[list[str], list[str], list[str]]:
    return pending["files"], pending["policies"], pending["rules"]


EVERYTHING = (["second.yaml"], ["second"], ["second.odd", "second.tiny"])


def test_a_rule_that_is_gone_is_pending_until_it_is_activated(client: httpx2.Client, settings: Settings) -> None:
    before = _ready(client)
    assert (before["pending"], _outcome(client)) == (None, "reject")
    (settings.rules / "second.yaml").write_text(WITHOUT_ODD, encoding="utf-8")

    pending = _wait_for_pending(client)

    assert _gone(pending) == ([], [], ["second.odd"])
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()["failed_change"]) == (200, None)
    assert ready.json()["policy_version"] == before["policy_version"] != pending["version"]
    assert client.get("/v1/policies").json()["pending"] == pending
    assert "credence_policy_change_pending 1.0" in client.get("/metrics").text
    assert _outcome(client) == "reject"

    answer = client.post("/v1/policies/activate", json={"version": pending["version"]})

    assert (answer.status_code, answer.json()["version"]) == (200, pending["version"])
    after = _ready(client)
    assert (after["pending"], after["policy_version"]) == (None, pending["version"])
    assert "credence_policy_change_pending 0.0" in client.get("/metrics").text
    assert _outcome(client) == "hold"


EXCEPTION = """\
kn:
  waives: [second.odd]
  when: account.id = "C-1"
  from: 2026-06-01
  until: 2026-12-31
  by: u.hoffmann
  approved_by: m.lehmann
  reason: Agreed
...
"""


def test_an_exception_is_pending_until_it_is_activated_and_gone_at_once(
    client: httpx2.Client, settings: Settings
) -> None:
    before = _ready(client)["policy_version"]
    file = settings.rules / "exceptions.yaml"
    file.write_text(EXCEPTION, encoding="utf-8")

    pending = _wait_for_pending(client)

    assert (_gone(pending), pending["exceptions"]) == (([], [], []), ["exceptions.kn"])
    assert (_ready(client)["policy_version"], _outcome(client)) == (before, "reject")
    shown = credence("activate", "--url", str(client.base_url))
    assert (shown.exit_code, "rules waived by exceptions.kn" in shown.stderr) == (1, True)
    answer = client.post("/v1/policies/activate", json={"version": pending["version"]})
    assert answer.status_code == 200
    decision = client.post("/v1/decisions/order", json=BODY).json()
    assert [(r["rule"], [w["exception"] for w in r["waived"]]) for r in decision["reasons"]] == [
        ("orders.over-limit", []),
        ("second.odd", ["exceptions.kn"]),
    ]
    assert decision["outcome"] == "hold"

    file.write_text(EXCEPTION.replace("second.odd", "second.odd, orders.over-limit"), encoding="utf-8")
    assert _wait_for_pending(client)["exceptions"] == ["exceptions.kn"]
    assert _outcome(client) == "hold"
    file.write_text(EXCEPTION[:-40], encoding="utf-8")  # cut off: what was in force stays
    eventually(lambda: _ready(client)["failed_change"] is not None)
    assert _outcome(client) == "hold"
    file.unlink()
    eventually(lambda: _ready(client)["policy_version"] == before)
    assert (_ready(client)["pending"], _outcome(client)) == (None, "reject")


def test_what_comes_back_was_never_gone(client: httpx2.Client, settings: Settings) -> None:
    version = _ready(client)["policy_version"]
    (settings.rules / "second.yaml").write_text(WITHOUT_ODD, encoding="utf-8")
    _wait_for_pending(client)
    (settings.rules / "second.yaml").write_text(SECOND, encoding="utf-8")
    eventually(lambda: _ready(client)["pending"] is None)
    assert _ready(client)["policy_version"] == version


def test_a_file_that_is_gone_is_a_mistake_and_pending_once_it_is_no_longer_listed(
    client: httpx2.Client, settings: Settings
) -> None:
    (settings.rules / "second.yaml").unlink()
    pending = _wait_for_pending(client)
    assert (pending["version"], *_gone(pending)) == (None, *EVERYTHING)
    [mistake] = _ready(client)["failed_change"]["diagnostics"]
    assert (mistake["code"], mistake["file"]) == ("N011", "rules/facts.yaml")
    refused = client.post("/v1/policies/activate", json={"version": _ready(client)["policy_version"]})
    assert (refused.status_code, "mistakes" in refused.json()["detail"]) == (409, True)

    (settings.rules / "facts.yaml").write_text(FACTS, encoding="utf-8")
    eventually(lambda: _ready(client)["failed_change"] is None)

    pending = _ready(client)["pending"]
    assert (_gone(pending), len(pending["version"])) == (EVERYTHING, 64)
    assert (_outcome(client), _outcome(client, TINY)) == ("reject", "hold")


@pytest.mark.parametrize("change", ["cut off", "emptied", "cut inside a text"])
def test_a_file_that_is_cut_off_changes_nothing(client: httpx2.Client, settings: Settings, change: str) -> None:
    cut = {"cut off": WITHOUT_ODD.removesuffix("...\n"), "emptied": "", "cut inside a text": SECOND[:-20]}[change]
    (settings.rules / "second.yaml").write_text(cut, encoding="utf-8")
    eventually(lambda: _ready(client)["failed_change"] is not None)
    pending = _ready(client)["pending"]
    if change == "cut inside a text":
        assert pending is None  # what it holds can't be known
    else:
        assert "second.odd" in pending["rules"]
    assert (_outcome(client), _outcome(client, TINY)) == ("reject", "hold")


def test_the_command_shows_what_would_go_and_activates_it_when_told(client: httpx2.Client, settings: Settings) -> None:
    url = ("--url", str(client.base_url))
    nothing = credence("activate", *url)
    assert (nothing.exit_code, nothing.stdout.startswith("nothing is pending")) == (0, True)
    (settings.rules / "second.yaml").unlink()
    _wait_for_pending(client)
    unfinished = credence("activate", "--yes", *url)
    assert (unfinished.exit_code, "mend them first" in unfinished.stderr) == (1, True)
    (settings.rules / "facts.yaml").write_text(FACTS, encoding="utf-8")
    eventually(lambda: _ready(client)["failed_change"] is None)
    version = _ready(client)["pending"]["version"]

    shown = credence("activate", *url)

    assert shown.exit_code == 1
    assert [line.strip() for line in shown.stderr.splitlines()[1:]] == [
        "file second.yaml",
        "policy second",
        "rule second.odd",
        "rule second.tiny",
    ]
    assert shown.stdout == f"pending: version {version}; `credence activate --yes` puts it into force\n"
    assert _ready(client)["pending"]["version"] == version
    done = credence("activate", "--yes", *url)
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, f"activated: version {version} decides from now on")
    assert (_ready(client)["policy_version"], _outcome(client)) == (version, "hold")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:9", "no service answers at `http://127.0.0.1:9`"),
        ("ftp://127.0.0.1", "is not the address of a service"),
        ("nonsense", "no service answers at `nonsense`"),
    ],
)
def test_where_no_service_answers_the_command_says_what_to_do(url: str, said: str) -> None:
    result = credence("activate", "--url", url)
    assert result.exit_code == 2
    assert said in result.stderr


@pytest.mark.parametrize("path", ["/v1", "/healthz"])
def test_an_answer_that_says_nothing_of_changes_is_not_taken_for_none_pending(client: httpx2.Client, path: str) -> None:
    result = credence("activate", "--url", str(client.base_url).rstrip("/") + path)
    assert (result.exit_code, "nothing is pending" in result.stdout) == (2, False)
    assert "is not credence, or refuses" in result.stderr


@pytest.mark.parametrize("version", ["0" * 64, None])
def test_another_version_than_the_pending_one_is_refused(
    client: httpx2.Client, settings: Settings, version: str | None
) -> None:
    """The set in force, and one that is nowhere; with something pending and without."""
    asked = {"version": version or _ready(client)["policy_version"]}
    refused = client.post("/v1/policies/activate", json=asked)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/not-pending")
    assert refused.json()["detail"] == "no policy change is pending; there is nothing to activate"
    (settings.rules / "second.yaml").write_text(WITHOUT_ODD, encoding="utf-8")
    pending = _wait_for_pending(client)
    refused = client.post("/v1/policies/activate", json=asked)
    assert (refused.status_code, pending["version"] in refused.json()["detail"]) == (409, True)
    assert (_ready(client)["pending"], _outcome(client)) == (pending, "reject")


NO_VERSION = "is not the version of a policy set: 64 digits and letters a to f"
NO_VERSIONS = [
    ({}, "is required"),
    *(({"version": text}, NO_VERSION) for text in ("", "x", "0" * 63, "0" * 65, "A" * 64, "g" * 64, "0" * 64 + "\n")),
    *(({"version": value}, "is not text") for value in (1, None, True, ["0" * 64], {"x": 1})),
    ({"version": "0" * 64, "more": 1}, "is not a member of this request"),
]


@pytest.mark.parametrize(("body", "said"), NO_VERSIONS, ids=str)
def test_a_request_without_a_version_is_refused_in_words(client: httpx2.Client, body: object, said: str) -> None:
    answer = client.post("/v1/policies/activate", json=body)
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert fault["message"] == said
    assert "send" in fault["hint"]
    assert "[0-9a-f]" not in answer.text


# --- at a start ------------------------------------------------------------------------------------------------------


def test_what_vanished_while_it_was_stopped_is_pending_too(settings: Settings) -> None:
    with running(settings) as client:
        version = _ready(client)["policy_version"]
    (settings.rules / "second.yaml").write_text(WITHOUT_ODD, encoding="utf-8")
    with running(settings) as client:
        ready = _ready(client)
        assert (ready["ready"], ready["policy_version"]) == (True, version)
        assert _gone(ready["pending"]) == ([], [], ["second.odd"])
        assert _outcome(client) == "reject"
        activated = credence("activate", "--yes", "--url", str(client.base_url))
        assert activated.exit_code == 0, activated.stderr
        assert _outcome(client) == "hold"
    with running(settings) as client:  # what was activated stays so
        assert (_ready(client)["pending"], _outcome(client)) == (None, "hold")
    (settings.rules / "second.yaml").write_text(SECOND, encoding="utf-8")
    with running(settings) as client:  # the set of before is new once more, and takes nothing away
        assert (_ready(client)["pending"], _ready(client)["policy_version"]) == (None, version)


@pytest.mark.parametrize("change", ["a file gone", "cut off", "a mistake", "no folder"])
def test_a_folder_that_can_not_be_taken_leaves_the_set_of_before_in_force(settings: Settings, change: str) -> None:
    with running(settings) as client:
        version = _ready(client)["policy_version"]
    second = settings.rules / "second.yaml"
    match change:
        case "a file gone":
            second.unlink()
        case "cut off":
            second.write_text(SECOND[: SECOND.index("  odd:")], encoding="utf-8")
        case "a mistake":
            second.write_text(SECOND.replace("order.amount <", "order.amont <"), encoding="utf-8")
        case "no folder":
            shutil.move(settings.rules, settings.rules.with_name("away"))
    with running(settings) as client:
        ready = _ready(client)
        assert (ready["ready"], ready["policy_version"]) == (True, version)
        assert ready["failed_change"]["diagnostics"]
        assert _outcome(client) == "reject"


def _store(settings: Settings, files: dict[str, str]) -> None:
    """As the last set in force."""

    async def store() -> None:
        journal = Journal(settings.journal)
        try:
            await journal.record_policy_set("a" * 64, files, None)
        finally:
            await asyncio.to_thread(journal.close)

    asyncio.run(store())


def test_where_the_set_of_before_does_not_check_any_more_nothing_decides_until_the_folder_is_activated(
    settings: Settings,
) -> None:
    gone = SECOND.replace("order.amount = 12000", "order.no_longer_known = 12000").replace("  tiny:", "  huge:")
    _store(settings, {"rules/facts.yaml": BOTH, "rules/orders.yaml": ORDERS, "rules/second.yaml": gone})
    with running(settings) as client:
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["policy_version"]) == (503, None)
        assert _gone(ready.json()["pending"]) == ([], [], ["second.huge"])
        first, *others = ready.json()["failed_change"]["diagnostics"]
        assert (first["code"], "credence activate" in first["hint"]) == ("I003", True)
        assert [other["code"] for other in others] == ["N001"]
        refused = client.post("/v1/decisions/order", json=BODY)
        assert (refused.status_code, refused.json()["type"]) == (503, "/problems/no-policy-in-force")
        assert credence("activate", "--yes", "--url", str(client.base_url)).exit_code == 0
        assert client.get("/readyz").status_code == 200
        assert _outcome(client) == "reject"


def _old(text: str) -> str:
    return text.removesuffix("...\n")


@pytest.mark.parametrize("facts", [True, False])
def test_a_set_of_before_end_marks_and_lists_gives_way_to_the_folder_that_has_all_of_it(
    settings: Settings, facts: bool
) -> None:
    before = {"rules/orders.yaml": _old(ORDERS), "rules/second.yaml": _old(SECOND)}
    _store(settings, before | ({"rules/facts.yaml": "currency: EUR\nfacts: {}\n"} if facts else {}))
    with running(settings) as client:
        ready = _ready(client)
        assert (ready["ready"], ready["pending"], ready["failed_change"]) == (True, None, None)
        assert _outcome(client) == "reject"


def test_a_set_of_before_end_marks_and_lists_decides_where_the_new_folder_lacks_a_rule(settings: Settings) -> None:
    _store(settings, {"rules/orders.yaml": _old(ORDERS), "rules/second.yaml": _old(SECOND)})
    (settings.rules / "second.yaml").write_text(WITHOUT_ODD, encoding="utf-8")
    with running(settings) as client:
        assert _gone(_ready(client)["pending"]) == ([], [], ["second.odd"])
        assert (_outcome(client), _ready(client)["ready"]) == ("reject", True)
