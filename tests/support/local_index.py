"""A package index in a folder, made of this environment: an installation that needs no network and no large files.

Each package of a lock is there in the locked version, with the dependencies and extras that it has in this environment
but without its code, and in a newer release. pip, setuptools and what they need are packed whole, since they do the
installing; durable-rules is a source of a few lines that needs the same flags as the real one.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import tarfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

NEWER = "99999.0"
"""A release of each package that no lock knows."""

SOURCE_ONLY = "durable-rules"
MARK = b"credence: durable-rules compiled with optimisation"
"""What scripts/durable_rules.h leaves where the compiler says that it optimises."""

_SETUP = """
from os import environ
from setuptools import Extension, setup
environ["CFLAGS"] = "-std=c99 -D_GNU_SOURCE"
setup(
    name="durable_rules", version="{version}",
    ext_modules=[Extension("durable_rules_engine", ["rules.c"])],
)
"""
_EXTENSION = """
#include <Python.h>
static PyObject *call(PyObject *self, PyObject *function) { return PyEval_CallObject(function, NULL); }
static PyMethodDef methods[] = {{"call", call, METH_O, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "durable_rules_engine", NULL, -1, methods};
PyMODINIT_FUNC PyInit_durable_rules_engine(void) { return PyModule_Create(&module); }
"""


@dataclass(frozen=True)
class Locked:
    """One entry of a lock: `name==version ; marker`."""

    name: str
    version: str
    marker: str


def locked(lock: Path) -> list[Locked]:
    entries = re.findall(r"^([a-z0-9-]+)==(\S+?)(?: ; (.*?))? \\$", lock.read_text(), re.M)
    return [Locked(*entry) for entry in entries]


def write_index(index: Path, locks: Path, into: Path, whole: Iterable[str]) -> str:
    """Fills the folder `index`, writes the locks again with its hashes, and gives the address for pip."""
    into.mkdir(parents=True)
    for lock in locks.glob("*.txt"):
        lines = []
        for entry in locked(lock):
            digest = _release(index, entry.name, entry.version, whole=entry.name in whole)
            _release(index, entry.name, NEWER, whole=False)
            marker = f" ; {entry.marker}" if entry.marker else ""
            lines.append(f"{entry.name}=={entry.version}{marker} \\\n    --hash=sha256:{digest}\n")
        (into / lock.name).write_text("".join(lines))
    return index.as_uri()


def _release(index: Path, name: str, version: str, whole: bool) -> str:
    """The SHA-256 of the file, which is listed on the package's page of the index."""
    source = name == SOURCE_ONLY and version != NEWER
    stem = f"{name.replace('-', '_')}-{version}"
    content = _source(stem, version) if source else _wheel(stem, _files(name, version, whole))
    digest = hashlib.sha256(content).hexdigest()
    file = index / name / (f"{stem}.tar.gz" if source else f"{stem}-py3-none-any.whl")
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        with (file.parent / "index.html").open("a") as page:
            page.write(f'<a href="{file.name}#sha256={digest}">{file.name}</a><br>\n')
    return digest


def _files(name: str, version: str, whole: bool) -> dict[str, bytes]:
    """The files of the wheel: those installed here, or the metadata alone."""
    info = f"{name.replace('-', '_')}-{version}.dist-info/"
    kept = {"entry_points.txt", "METADATA", "WHEEL"}
    try:
        here = distribution(name)
    except PackageNotFoundError:
        here = None
    if whole and here is not None:
        found = {
            str(file): here.locate_file(file).read_bytes()  # type: ignore[attr-defined] # a path, in fact
            for file in here.files or []
            if not {"..", "__pycache__"} & set(file.parts) and not file.parts[0].endswith(".dist-info")
        }
        texts = {kind: here.read_text(kind) for kind in kept}
        return found | {info + kind: text.encode() for kind, text in texts.items() if text}
    wheel = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    return {info + "METADATA": _metadata(name, version, here).encode(), info + "WHEEL": wheel.encode()}


def _metadata(name: str, version: str, here: Distribution | None) -> str:
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    if here is not None:
        for key in ("Provides-Extra", "Requires-Dist"):
            lines += [f"{key}: {value}" for value in here.metadata.get_all(key) or []]
    return "\n".join(lines) + "\n"


def _wheel(stem: str, files: dict[str, bytes]) -> bytes:
    record = "".join(f"{name},,\n" for name in [*files, f"{stem}.dist-info/RECORD"])
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as wheel:
        for name, body in (files | {f"{stem}.dist-info/RECORD": record.encode()}).items():
            wheel.writestr(zipfile.ZipInfo(name), body)  # a fixed date: the same bytes each time
    return content.getvalue()


def _source(stem: str, version: str) -> bytes:
    info = f"Metadata-Version: 2.1\nName: durable_rules\nVersion: {version}\n"
    files = {"setup.py": _SETUP.format(version=version), "rules.c": _EXTENSION, "PKG-INFO": info}
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(f"{stem}/{name}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return gzip.compress(content.getvalue(), mtime=0)
