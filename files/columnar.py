"""Record batches of an Arrow file in any of its forms: IPC file (`.arrow`, `.feather`) and IPC stream (`.arrows`).

Which of them a file is, its first bytes say, not its name. Needs pyarrow; its errors leave as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.ipc as ipc

_FILE = b"ARROW1"


@contextmanager
def arrow_batches(path: Path | str) -> Iterator[tuple[pa.Schema, Iterator[pa.RecordBatch]]]:
    """One batch is in memory at a time."""
    with pa.OSFile(str(path)) as source:
        is_file = source.read(len(_FILE)) == _FILE
        source.seek(0)
        with ipc.open_file(source) if is_file else ipc.open_stream(source) as reader:
            numbers = range(reader.num_record_batches) if is_file else ()
            yield reader.schema, map(reader.get_batch, numbers) if is_file else iter(reader)
