"""Files that commands read and write, looked at before a long run: maps, encodings, delimiters and places.

Where one can't be used, these functions print why and end the command.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from api.cli.console import err, print_diagnostics, refuse
from api.cli.options import TextFileOptions
from api.cli.tests_and_maps import read_map
from engine.diagnostics.diagnostic import Diagnostic
from engine.pipeline import Engine
from engine.reading.document import Mapping
from engine.reading.document import read as read_document
from engine.vocabulary.rates import NO_RATES, Rates
from engine.vocabulary.vocabulary import Vocabulary
from files.bounded_files import read_named
from files.formats import Format, format_named
from files.input_refused import InputRefused
from files.maps.row_map import RowMap
from files.rates_file import read_rates_file
from files.whole_files import fault_of_paths

Map = TypeVar("Map")

MAP_KINDS = {
    "map": "a row map (it begins with `map:`)",
    "history": "a history map (it begins with `history:`, for `credence backtest`)",
    "policy": "a policy (it begins with `policy:`)",
    "cases": "a file of policy tests (it begins with `cases:`)",
}
"""What a file of a rules folder is, by the key that it begins with."""


def known_encoding(name: str) -> str:
    """Python's name of an encoding that text files can have: `GBK` is `gbk`, `latin-1` is `iso8859-1`. Ends the command
    for any other.

    Some that Python knows are of no text (`base64`) or can't pass over bad bytes (`idna`): reading an empty file tells.
    """
    try:
        io.TextIOWrapper(io.BytesIO(), name, errors="surrogateescape").read()
        return codecs.lookup(name).name
    except (LookupError, UnicodeError):
        refuse(f"`{name}` is not a known encoding of text files; try utf-8, gb18030, cp1252 or utf-16")


def one_character(delimiter: str) -> str:
    r"""The character that separates cells; `\t`, as people type it, is a tab."""
    delimiter = "\t" if delimiter == "\\t" else delimiter
    if len(delimiter) != 1 or delimiter in '"\r\n':
        refuse("--delimiter takes one character, such as ; or \\t")
    return delimiter


def refuse_idle_text_options(text: TextFileOptions, files: Sequence[Path | str]) -> None:
    """Ends the command where `--delimiter` or `--encoding` is given and none of the files has one, by their names."""
    formats = {format_named(file) for file in files}  # None: read as CSV
    if text.delimiter != TextFileOptions().delimiter and formats <= set(Format) - {Format.CSV}:
        refuse("--delimiter changes nothing: only CSV files have one, and none is given; leave it out")
    if text.encoding != TextFileOptions().encoding and formats <= {Format.PARQUET, Format.ARROW}:
        refuse("--encoding changes nothing: only CSV and NDJSON files have one, and none is given; leave it out")


def map_read(path: Path, kind: str, read: Callable[[bytes, str], tuple[Map | None, Sequence[Diagnostic]]]) -> Map:
    """The map in a file, as `read` takes it from the file's text and name. `kind` is the key of `MAP_KINDS` that such
    a map begins with: a file of another kind is refused by its name, not by a list of strange mistakes."""
    try:
        content = read_named(path)
    except OSError as error:
        refuse(f"the map `{path}` can't be read: {error.strerror}")
    name = path.as_posix()
    kinds = [key for key in MAP_KINDS if key in _keys(content, name)]
    if kinds and kind not in kinds:
        refuse(f"the map `{path}` is {MAP_KINDS[kinds[0]]}; this command needs {MAP_KINDS[kind]}")
    map_, diagnostics = read(content, name)
    if map_ is None:
        print_diagnostics(err(), diagnostics, {name: content})
        refuse(f"the map `{path}` has mistakes")
    return map_


def row_map_read(path: Path, vocabulary: Vocabulary, case: str | None = None) -> RowMap:
    """The row map in a file; it must be for the case kind `case`, where one is given."""
    row_map = map_read(path, "map", lambda content, name: read_map(content, name, vocabulary))
    if case is not None and row_map.case != case:
        refuse(f"the map `{row_map.name}` is for the case kind `{row_map.case}`, not `{case}`")
    return row_map


def rates_read(path: Path | None, engine: Engine) -> Rates:
    """The rates in a file, for the currency in which these policies decide; none where no file is given. Ends the
    command where it can't be used."""
    if path is None:
        return NO_RATES
    try:
        return read_rates_file(path, engine.vocabulary.currency)
    except InputRefused as refused:
        refuse(str(refused))
    except OSError as error:
        refuse(f"the rates `{path}` can't be read: {error.strerror}")


def _keys(content: bytes, name: str) -> set[str]:
    document, _ = read_document(content, name)
    return {key.text for key, _ in document.root.entries} if document and isinstance(document.root, Mapping) else set()


def refuse_paths(inputs: Sequence[Path], outputs: dict[str, Path | None]) -> None:
    """Ends the command where a file can't be read or written, before a long run and not after it.

    `outputs` are by the option that names them; None where that isn't given. Refused are folders, what doesn't exist, a
    file given twice, an output that is an input or another output, and one whose folder doesn't exist or can't be
    written.
    """
    for index, path in enumerate(inputs):
        if path.is_dir():
            refuse(f"`{path}` is a folder")
        if not path.is_file():
            refuse(f"`{path}` {'is no ordinary file' if path.exists() else 'does not exist'}")
        if any(path.samefile(earlier) for earlier in inputs[:index]):
            refuse(f"`{path}` is given twice")
    if fault := fault_of_paths(inputs, {option: path for option, path in outputs.items() if path}):
        refuse(fault)
