"""Which build of credence decides: its release, and a fingerprint of the engine's own files.

A decision carries it as `engine_version`, so that a replay knows whether the same engine speaks. The one place of the
release number: pyproject.toml, the command line and the API read it here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from hashlib import sha256
from importlib.metadata import version as installed_version
from importlib.resources import files as package_files
from importlib.resources.abc import Traversable

RELEASE = "0.2.0"
"""A literal, so that setuptools reads it without importing the engine."""

POLICY_LANGUAGE = 1
"""The version of the policy language. It grows by one where a policy set that checked before may mean something else or
no longer check; CHANGELOG.md names the release with each version, and what to change."""

SEMANTICS = 1
"""What the engine makes of policies and facts, as a number. Whoever changes the engine so that any policy set and
request give another answer than before, be it one letter of a reason, raises it by one and writes a corpus for it with
`python -m scripts.golden`. The corpora of earlier numbers (tests/golden) stay as they are: they are what the wheels of
those days answer. A change that gives the same bytes leaves the number alone."""

LIBRARIES = ("durable-rules", "lark", "pydantic-core", "pyyaml")
"""What the engine decides with beside its own files: the Rete networks, the parser of FEEL, the writer of JSON, the
reader of YAML."""

_SUFFIXES = (".py", ".yaml", ".lark")
"""Code, standard facts, grammar: what the engine is made of. What Python and editors leave beside it is no part."""

_DIGITS = 32
"""Hexadecimal digits of the fingerprint that a decision carries: too many to find other sources that give the same."""


def fingerprint(folder: Traversable) -> str:
    """SHA-256 over names and contents of the engine's files under `folder`, with line ends made the same, over Python's
    minor version and those of `LIBRARIES`: equal for equal sources, whether they lie in a checkout, an archive or an
    installed wheel."""
    contents = sha256()
    contents.update(f"python {sys.version_info.major}.{sys.version_info.minor}\n".encode())
    for library in LIBRARIES:
        contents.update(f"{library} {installed_version(library)}\n".encode())
    for name, file in sorted(_sources(folder, "")):
        text = file.read_bytes().replace(b"\r\n", b"\n")
        contents.update(f"{name}\0{sha256(text).hexdigest()}\n".encode())
    return contents.hexdigest()


def _sources(folder: Traversable, above: str) -> Iterator[tuple[str, Traversable]]:
    for each in folder.iterdir():
        if each.is_dir():
            yield from _sources(each, f"{above}{each.name}/")
        elif each.name.endswith(_SUFFIXES) and not each.name.startswith("."):
            yield f"{above}{each.name}", each


def engine_version(release: str, folder: Traversable) -> str:
    """What decisions of the engine under `folder` carry: `0.2.0+5d31…`, which says the release to find it in."""
    return f"{release}+{fingerprint(folder)[:_DIGITS]}"


ENGINE_VERSION = engine_version(RELEASE, package_files("engine"))
"""Worked out when the process starts (10 ms), before anybody can exchange the files under it."""
