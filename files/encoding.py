"""The bytes of a text file as characters: byte order marks, UTF-16 by mistake, and bytes that stand for no character.

Leaf of the readers. A text file is decoded with `errors="surrogateescape"`: a byte that the encoding doesn't know
becomes one character between U+DC80 and U+DCFF, reading goes on, and only the row that holds it is at fault. 0xE4 for
`ä`, written in Latin-1 and read as UTF-8, becomes U+DCE4.
"""

from __future__ import annotations

import codecs
from pathlib import Path

from files.input_refused import InputRefused

_UTF_8_NAMES = ("utf-8", "utf8")
_UTF_16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_SPREADSHEET = "open it in a spreadsheet and save it as CSV in UTF-8"
_NO_TEXT = {
    b"\xd0\xcf\x11\xe0": ("an Excel workbook of the old format", _SPREADSHEET),
    b"%PDF-": ("a PDF", "export the table itself as CSV in UTF-8"),
    b"\x1f\x8b": ("compressed by gzip", "unpack it first"),
    b"\x28\xb5\x2f\xfd": ("compressed by zstd", "unpack it first"),
    b"\xfd7zXZ": ("compressed by xz", "unpack it first"),
    b"7z\xbc\xaf": ("a 7z archive", "unpack it first"),
    b"SQLite format 3\0": ("an SQLite database", "export the table as CSV in UTF-8"),
    b"PAR1\x15": ("Parquet", "let its name end in `.parquet`"),
    b"ARROW1\0": ("Arrow", "let its name end in `.arrow`"),
}
"""How files begin that hold no text, with what they are and what to do."""

_UTF_32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_START_BYTES = 1024
"""As many bytes at the beginning of a file tell which byte order mark it has, or that it is UTF-16 without one."""

_NULS_MIN = 0.1
"""Share of the first or second bytes of a text's pairs that are 0, from which on it is UTF-16: in any language the
digits, blanks, delimiters and line ends of a table make more."""

_ESCAPED_FIRST, _ESCAPED_LAST = "\udc80", "\udcff"
_ESCAPED_OFFSET = 0xDC00


def file_encoding(path: Path, encoding: str = "utf-8") -> str:
    """The encoding to open a text file with: the one given, but that a UTF-8 byte order mark is no part of the text.

    `utf-16` takes the order of bytes from the mark, or from the bytes themselves where there is none. Raises
    InputRefused, with the path as its place, for an empty file, for one without text, for UTF-32, and for UTF-16
    read as UTF-8; raises OSError.
    """
    with path.open("rb") as file:
        start = file.read(_START_BYTES)
    if not start:
        raise InputRefused("the file is empty", place=str(path))
    for beginning, (what, hint) in _NO_TEXT.items():
        if start.startswith(beginning):
            raise InputRefused(f"the file is {what}, no text", hint, place=str(path))
    if start.startswith(_UTF_32):
        raise InputRefused("the file is UTF-32", "save it as UTF-8", place=str(path))
    marked = next((name for mark, name in _UTF_16.items() if start.startswith(mark)), None)
    name = codecs.lookup(encoding).name
    if name == "utf-16" or (name in _UTF_16.values() and marked == name):
        return "utf-16" if marked else _utf_16_without_mark(start) or encoding
    if encoding.lower() not in _UTF_8_NAMES:
        return encoding
    if marked or (unmarked := _utf_16_without_mark(start)):
        what = "UTF-16" if marked else f"UTF-16 without a byte order mark ({unmarked})"
        hint = "give --encoding utf-16, or save it as UTF-8"
        raise InputRefused(f"the file is {what}, not UTF-8", hint, place=str(path))
    return "utf-8-sig"


def _utf_16_without_mark(start: bytes) -> str | None:
    """Which UTF-16 the beginning of a text is; None where it is none: every second byte of digits, blanks, delimiters
    and line ends is 0 there, and only every second."""
    pairs = len(start) // 2
    nuls = [start[first : 2 * pairs : 2].count(0) for first in (0, 1)]
    if pairs and min(nuls) <= max(nuls) * _NULS_MIN and max(nuls) >= max(1, pairs * _NULS_MIN):
        return "utf-16-be" if nuls[0] > nuls[1] else "utf-16-le"
    return None


def undecodable(text: str) -> str:
    """What is wrong with text that was decoded with `surrogateescape`; blank where nothing is."""
    if text.isascii():
        return ""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        byte = ord(text[error.start]) - _ESCAPED_OFFSET
        return f"byte 0x{byte:02X} at character {error.start + 1} is not in the file's encoding"
    return ""


def decoding_refused(error: UnicodeError) -> InputRefused:
    """For encodings that can't pass over a bad byte, such as UTF-16 without its byte order mark. Without a place.

    The words are Python's own, but where they differ between its releases.
    """
    cause = "UTF-16 stream does not start with BOM" if "not start with BOM" in str(error) else str(error)
    return InputRefused(f"can't be read: {cause}", "check --encoding, or save the file as UTF-8")


def shown_raw(text: str) -> str:
    """A row's text for the rejects, without its last line end; bytes outside the encoding as `\\xE4`."""
    text = text.removesuffix("\n").removesuffix("\r")
    if text.isascii():
        return text
    return "".join(
        f"\\x{ord(character) - _ESCAPED_OFFSET:02X}" if _ESCAPED_FIRST <= character <= _ESCAPED_LAST else character
        for character in text
    )
