"""A proposal and the activation history as lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.text import Text

_COLOURS = {"in-force": "green", "rejected": "red", "draft": "yellow"}
_CATEGORIES = {
    "same": "the same (proved)",
    "stricter": "stricter only (proved)",
    "looser": "looser only (proved)",
    "both": "may be stricter and looser",
}
"""What isn't proved is `both`."""

DIGITS = 12
"""Of a version or digest: enough to tell it from others."""

FILES_SHOWN = 5
"""By name; of more their number."""


def proposal_line(proposal: Mapping[str, Any]) -> Text:
    """`14 proposed  Overrun 10%  by e.lang; 0 of 1 approved`."""
    counting = sum(each["counts"] for each in proposal["approvals"])
    approved = f"{counting} of {proposal['approvals_needed']} approved"
    effective = proposal["effective"]
    when = f"; from {effective['local']} {effective['zone']}" if effective else ""
    moved = "; another set came between" if proposal["base_moved"] else ""
    state = Text(f"{proposal['state']:<10}", _COLOURS.get(proposal["state"], "bold"))
    said = f"  {proposal['title']}  by {proposal['author']}; {approved}{when}{moved}"
    return Text.assemble(f"{proposal['number']:>3} ", state, said)


def act_lines(proposal: Mapping[str, Any]) -> Iterator[Text]:
    """How the proposal stands after somebody has done something with it."""
    yield proposal_line(proposal)
    if proposal["name"]:
        yield Text(f"    {proposal['name']}, version {proposal['version'][:DIGITS]}", "bold")


def proposal_lines(proposal: Mapping[str, Any]) -> Iterator[Text]:
    """The proposal, then all that whoever approves it looks at."""
    yield proposal_line(proposal)
    if proposal["name"]:
        yield Text(f"    {proposal['name']}", "bold")
    versions = [f"{name} {proposal[name][:DIGITS]}" for name in ("version", "base", "digest") if proposal[name]]
    yield Text(f"    {', '.join(versions) or 'not proposed yet'}")
    yield Text(f"    why: {proposal['why']}")
    if proposal["findings"]:
        yield from _finding_lines(proposal["findings"], proposal["acknowledged"])
    for edit in proposal["edits"]:
        files = edit["files"] if len(edit["files"]) <= FILES_SHOWN else [f"{len(edit['files'])} files"]
        yield Text(f"    revision {edit['revision']} by {edit['who']}: {', '.join(files) or 'no file'}")
    for approval in proposal["approvals"]:
        void = "" if approval["counts"] else " (void: edited since)"
        comment = f": {approval['comment']}" if approval["comment"] else ""
        yield Text(f"    approved by {approval['who']}{comment}{void}")


def _finding_lines(found: Mapping[str, Any], acknowledged: Mapping[str, str]) -> Iterator[Text]:
    for word in found["words"]:
        yield Text(f"    changes {word}", "bold")
    for case, category in found["categories"].items():
        if category != "same":
            yield Text(f"    outcomes of {case}: {_CATEGORIES[category]}", "bold")
    same = [case for case, category in found["categories"].items() if category == "same"]
    if same:
        yield Text(f"    outcomes of {', '.join(same)}: {_CATEGORIES['same']}")
    for flip in found["flips"]:
        yield Text(f"    {flip}")
    yield Text(f"    tests: {found['tests_passed']} passed, {len(found['tests_failed'])} failed")
    verdicts = [each["verdict"] for each in found["invariants"]]
    counted = ", ".join(f"{verdicts.count(word)} {word}" for word in ("proved", "refuted", "undecided"))
    yield Text(f"    invariants: {counted}" if verdicts else "    invariants: none")
    for each in found["invariants"]:
        if each["verdict"] != "proved":
            yield Text(f"      {each['verdict']} {each['level']} {each['id']}: {each['why']}", "yellow")
    for name in found["invariants_weakened"]:
        yield Text(f"      invariant {name} says something else, or is gone", "yellow")
    for item, what in found["items"].items():
        said = acknowledged.get(item)
        yield Text(f"      {item}: {what}{f'; acknowledged: {said}' if said else ''}", "yellow")


def activation_line(row: Mapping[str, Any]) -> Text:
    """`Credit policy 2026-07, v14  2776b349c7bd  since … approved  by e.lang, approved by a.kurz`."""
    who = f"by {row['author']}" if row["author"] else f"by {row['who']}"
    approved = f", approved by {', '.join(row['approvers'])}" if row["approvers"] else ""
    style = "green" if row["in_force"] else ""
    said = f"{row['name']}  {row['version'][:DIGITS]}  from {row['from_at']}  {row['kind']}  {who}{approved}"
    return Text(said, style)
