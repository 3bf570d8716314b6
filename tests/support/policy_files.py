"""What every policy set written in a test needs beside the policies under test: end marks and the list of policies."""

from __future__ import annotations

import re
from collections.abc import Iterable

_POLICY = re.compile(r"^policy: *(\w+)", re.MULTILINE)


def ended(text: str) -> str:
    """The text as a whole file: with YAML's end mark on its last line."""
    return f"{text}{'' if text.endswith(chr(10)) else chr(10)}...\n"


def listing(texts: Iterable[str]) -> str:
    """The line of facts.yaml that lists the policies in these texts."""
    names = sorted({name for text in texts for name in _POLICY.findall(text)})
    return f"policies: [{', '.join(names)}]\n"


def facts_file(texts: Iterable[str], facts: str = "currency: EUR\n") -> str:
    """A whole facts.yaml for the policies in these texts."""
    return ended(facts + ("" if facts.endswith("\n") else "\n") + listing(texts))


def whole_set(policies: dict[str, str], facts: str = "currency: EUR\n", folder: str = "") -> dict[str, bytes]:
    """Files for `load`: each policy by its name without `.yaml`, and the facts.yaml that lists them."""
    texts = {name: text for name, text in policies.items() if name != "facts"}
    files = {f"{folder}{name}.yaml": ended(text) for name, text in texts.items()}
    return {f"{folder}facts.yaml": facts_file(texts.values(), facts).encode()} | {
        name: text.encode() for name, text in files.items()
    }
