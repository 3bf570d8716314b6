"""The build backend: setuptools, with the full text of our licence among the distribution's licence files.

The repository names the licence (LICENSE) and doesn't hold its text, which is not ours. Whoever receives a wheel, a
source distribution or an image has to receive it. So it is taken at build time from a package that is installed and
licensed alike, recognised by its SHA-256, and laid where pyproject.toml's `license-files` look.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from setuptools import build_meta

SOURCE = "packaging"
"""A requirement of the build that is under the same licence (or, at the user's choice, under another)."""

TEXT_SHA256 = "0d542e0c8804e39aa7f37eb00da5a762149dc682d7829451287e11b938e94594"
"""Of the Apache License 2.0, from its title to "END OF TERMS AND CONDITIONS"."""

PLACE = Path("build-licenses") / "Apache-2.0.txt"

get_requires_for_build_wheel = build_meta.get_requires_for_build_wheel
get_requires_for_build_sdist = build_meta.get_requires_for_build_sdist

# an editable install hands nothing on: it needs no text
get_requires_for_build_editable = build_meta.get_requires_for_build_editable
prepare_metadata_for_build_editable = build_meta.prepare_metadata_for_build_editable
build_editable = build_meta.build_editable


def build_wheel(*arguments: Any, **settings: Any) -> Any:
    with _licence_text():
        return build_meta.build_wheel(*arguments, **settings)


def build_sdist(*arguments: Any, **settings: Any) -> Any:
    with _licence_text():
        return build_meta.build_sdist(*arguments, **settings)


def prepare_metadata_for_build_wheel(*arguments: Any, **settings: Any) -> Any:
    with _licence_text():
        return build_meta.prepare_metadata_for_build_wheel(*arguments, **settings)


@contextmanager
def _licence_text() -> Iterator[None]:
    """A source distribution holds it already; in a checkout it is there while the build runs."""
    if PLACE.exists():
        if sha256(PLACE.read_bytes()).hexdigest() != TEXT_SHA256:
            raise SystemExit(f"{PLACE} is not the text of the Apache License 2.0; delete it")
        yield
        return
    text = _text_installed()
    PLACE.parent.mkdir(exist_ok=True)
    PLACE.write_bytes(text)
    try:
        yield
    finally:
        PLACE.unlink(missing_ok=True)
        PLACE.parent.rmdir()


def _text_installed() -> bytes:
    for file in distribution(SOURCE).files or ():
        if "licenses" in file.parts:
            content = Path(str(file.locate())).read_bytes()
            if sha256(content).hexdigest() == TEXT_SHA256:
                return content
    raise SystemExit(f"no licence file of the installed `{SOURCE}` is the text of the Apache License 2.0")
