"""Which build of credence decides: its release, and a fingerprint of the engine's own files.

A decision carries it as `engine_version`, so that a replay knows whether the same engine speaks. The one place of the
release number: pyproject.toml, the command line and the API read it here.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from importlib.resources import files as package_files
from importlib.resources.abc import Traversable

RELEASE = "0.2.0"
"""A literal, so that setuptools reads it without importing the engine."""

POLICY_LANGUAGE = 1
"""The version of the policy language. It grows by one where a policy set that checked before may mean something else or
no longer check; CHANGELOG.md names the release with each version, and what to change."""

_SUFFIXES = (".py", ".yaml", ".lark")
"""Code, standard facts, grammar: what the engine is made of. What Python and editors leave beside it is no part."""

_DIGITS = 12
"""Hexadecimal digits of the fingerprint that a decision carries."""


def fingerprint(folder: Traversable) -> str:
    """SHA-256 over names and contents of the engine's files under `folder`, with line ends made the same: equal for
    equal sources, whether they lie in a checkout, an archive or an installed wheel."""
    contents = sha256()
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


ENGINE_VERSION = f"{RELEASE}+{fingerprint(package_files('engine'))[:_DIGITS]}"
"""Worked out when the process starts (3 ms), before anybody can exchange the files under it."""
