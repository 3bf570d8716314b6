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
_BOM_BYTES = 4
"""As many bytes at the beginning of a file tell which byte order mark it has."""

_ESCAPED_FIRST, _ESCAPED_LAST = "\udc80", "\udcff"
_ESCAPED_OFFSET = 0xDC00


def file_encoding(path: Path, encoding: str = "utf-8", *, may_choose: bool = True) -> str:
    """The encoding to open a text file with: the one given, but that a UTF-8 byte order mark is no part of the text.

    `may_choose`: the command has an option `--encoding`, which the message may name. Raises InputRefused, with the path
    as its place, for an empty file and for UTF-16 read as UTF-8; raises OSError.
    """
    with path.open("rb") as file:
        start = file.read(_BOM_BYTES)
    if not start:
        raise InputRefused("the file is empty", place=str(path))
    if encoding.lower() not in _UTF_8_NAMES:
        return encoding
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        hint = "give --encoding utf-16, or save it as UTF-8" if may_choose else "save it as UTF-8"
        raise InputRefused("the file is UTF-16, not UTF-8", hint, place=str(path))
    return "utf-8-sig"


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


def not_utf_8(error: UnicodeDecodeError) -> str:
    """What is wrong with bytes that should be UTF-8 and are not, as a predicate: `is not UTF-8 (byte 0xE4 at offset
    7)`."""
    return f"is not UTF-8 (byte 0x{error.object[error.start]:02X} at offset {error.start})"


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
