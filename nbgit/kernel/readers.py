"""Apart: libraries that open files in C, where no audit event tells of it: their few ways in are wrapped at import.

A wrapper notes the path and calls what it stands for with what it was given; nothing else changes: classes are changed
in place, so that `isinstance`, subclasses and pickles stay what they are.
"""

import os
import re
from functools import update_wrapper

from nbgit.kernel.seen import CHANGE, READ, WRITE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType
    from typing import Any

    Note = Callable[[str, int], None]

MODE = 0  # the argument `mode` tells
SQL = -1  # the argument is a statement that may name files
MARK = "_nbgit_original"
DUCKDB_READS = ("read_csv", "read_parquet", "read_json", "from_csv_auto", "from_parquet", "read_csv_auto")
DUCKDB_QUERIES = ("execute", "sql", "query", "from_query")
POLARS_KINDS = ("csv", "parquet", "ipc", "ndjson", "json", "avro", "excel", "delta", "ods", "ipc_stream")
# module: (name in it, position of the path, its keyword, how it is opened). `Class.method` counts positions from self.
WAYS_IN: "dict[str, tuple[tuple[str, int, str, int], ...]]" = {
    "pyarrow.parquet": (
        ("read_table", 0, "source", READ),
        ("ParquetFile.__init__", 1, "source", READ),
        ("ParquetDataset.__init__", 1, "path_or_paths", READ),
        ("ParquetWriter.__init__", 1, "where", WRITE),
        ("write_to_dataset", 1, "root_path", WRITE),
    ),
    "pyarrow.dataset": (("dataset", 0, "source", READ), ("write_dataset", 1, "base_dir", WRITE)),
    "pyarrow.csv": (
        ("read_csv", 0, "input_file", READ),
        ("open_csv", 0, "input_file", READ),
        ("write_csv", 1, "output_file", WRITE),
    ),
    "pyarrow.json": (("read_json", 0, "input_file", READ), ("open_json", 0, "input_file", READ)),
    "pyarrow.feather": (
        ("read_table", 0, "source", READ),
        ("read_feather", 0, "source", READ),
        ("write_feather", 1, "dest", WRITE),
    ),
    "pyarrow.orc": (
        ("ORCFile.__init__", 1, "source", READ),
        ("read_table", 0, "source", READ),
        ("ORCWriter.__init__", 1, "where", WRITE),
    ),
    "pyarrow": (
        ("memory_map", 0, "path", CHANGE),
        ("create_memory_map", 0, "path", WRITE),
        ("input_stream", 0, "source", READ),
        ("output_stream", 0, "source", WRITE),
        ("OSFile.__init__", 1, "path", MODE),
    ),
    "h5py._hl.files": (("File.__init__", 1, "name", MODE),),
    "tables.file": (("File.__init__", 1, "filename", MODE),),
    "netCDF4": (("Dataset.__init__", 1, "filename", MODE),),
    "soundfile": (("SoundFile.__init__", 1, "file", MODE),),
    "polars": (
        *[(f"{verb}_{kind}", 0, "source", READ) for verb in ("read", "scan") for kind in POLARS_KINDS],
        *[(f"DataFrame.write_{kind}", 1, "file", WRITE) for kind in POLARS_KINDS],
        *[(f"LazyFrame.sink_{kind}", 1, "path", WRITE) for kind in POLARS_KINDS],
    ),
    "duckdb": (
        ("connect", 0, "database", CHANGE),
        *[(name, 0, "path_or_buffer", READ) for name in DUCKDB_READS],
        *[(name, 0, "query", SQL) for name in DUCKDB_QUERIES],
        *[(f"DuckDBPyConnection.{name}", 1, "path_or_buffer", READ) for name in DUCKDB_READS],
        *[(f"DuckDBPyConnection.{name}", 1, "query", SQL) for name in DUCKDB_QUERIES],
        *[(f"DuckDBPyRelation.{verb}_{kind}", 1, "file_name", WRITE)
          for verb in ("to", "write") for kind in ("csv", "parquet")],
    ),
}  # fmt: skip
_GLOB = re.compile(r"[*?\[]")
_QUOTED = re.compile(r"(?i)(\bto\s+)?(?:'((?:[^']|'')+)'|\"([^\"\n]+\.\w+)\")")
SQL_LIMIT = 1 << 16  # characters of a statement that are looked at
GLOB_LIMIT = 500


def steps(note: "Note") -> "dict[str, list[Callable[[ModuleType], None]]]":
    """Return, for each module, what wraps its ways in so that `note` is told of (path, how) at each use."""

    def wrap_all(name: str) -> "Callable[[ModuleType], None]":
        return lambda module: _wrap_module(module, WAYS_IN[name], note)

    return {name: [wrap_all(name)] for name in WAYS_IN}


def _wrap_module(module: "ModuleType", ways: "tuple[tuple[str, int, str, int], ...]", note: "Note") -> None:
    for name, position, keyword, how in ways:
        owner_name, _, member = name.rpartition(".")
        try:
            owner = getattr(module, owner_name) if owner_name else module
            original = getattr(owner, member)
        except AttributeError:
            continue  # not in this version
        if hasattr(original, MARK):
            continue
        wrapped = _wrapped(original, position, keyword, how, note)
        try:
            setattr(owner, member, wrapped)
        except TypeError:  # a class made in C can't be changed: one that derives from it takes its place
            setattr(module, owner_name, _derived(owner, member, wrapped))


def _wrapped(original: "Any", position: int, keyword: str, how: int, note: "Note") -> "Any":
    def call(*arguments: "Any", **named: "Any") -> "Any":
        try:
            value = arguments[position] if len(arguments) > position else named.get(keyword)
            opened = _how_opened(arguments, named, position) if how == MODE else how
            for path, way in paths_of(value, opened):
                note(path, way)
        except Exception:  # what it can't make sense of, the library will
            pass
        if original is object.__init__:  # the class takes its arguments where it is made
            return None
        return original(*arguments, **named)

    try:
        update_wrapper(call, original)
    except (AttributeError, TypeError):
        pass
    setattr(call, MARK, original)
    return call


def _derived(base: "Any", member: str, wrapped: "Any") -> "Any":
    """Return a class that is `base` in all but one method: what `base` made counts as its instance, too."""

    class Meta(type(base)):  # type: ignore[misc]
        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, base) if cls is derived else super().__instancecheck__(instance)

        def __subclasscheck__(cls, other: type) -> bool:
            return issubclass(other, base) if cls is derived else super().__subclasscheck__(other)

    body = {member: wrapped, "__doc__": base.__doc__, "__module__": base.__module__.partition(".")[0], MARK: base}
    derived = Meta(base.__name__, (base,), body)
    return derived


def _how_opened(arguments: "tuple[Any, ...]", named: "dict[str, Any]", position: int) -> int:
    mode = named.get("mode", arguments[position + 1] if len(arguments) > position + 1 else "r")
    if not isinstance(mode, str) or mode in ("r", "rb", "rs"):
        return READ
    return WRITE if mode.startswith(("w", "x")) and "+" not in mode else CHANGE


def paths_of(value: "Any", how: int) -> "Iterator[tuple[str, int]]":
    """Yield (path, how) of each path in an argument: a path, a pattern, a list of them, or a statement in SQL."""
    if how == SQL:
        if isinstance(value, str):
            yield from _paths_in_statement(value[:SQL_LIMIT])
        return
    if isinstance(value, list | tuple | set):
        for one in list(value)[:GLOB_LIMIT]:
            if isinstance(one, str | bytes | os.PathLike):
                yield from paths_of(one, how)
    elif isinstance(value, str | bytes | os.PathLike):
        path = os.fsdecode(value)
        if path.startswith("~"):
            path = os.path.expanduser(path)
        if how & READ and _GLOB.search(path) and "://" not in path and not os.path.exists(path):
            yield from ((one, how) for one in _matches(path))
        elif path and "\n" not in path:
            yield path, how


def _matches(pattern: str) -> "list[str]":
    from glob import iglob
    from itertools import islice

    return sorted(islice(iglob(pattern, recursive=True), GLOB_LIMIT))


def _paths_in_statement(statement: str) -> "Iterator[tuple[str, int]]":
    """Yield what stands in quotes and is a file, or is told to become one (COPY ... TO '...')."""
    for found in _QUOTED.finditer(statement):
        text = (found[2] or found[3]).replace("''", "'")
        if found[1]:
            yield text, WRITE
        elif len(text) < 4096 and "\n" not in text:
            for path, _ in paths_of(text, READ):
                if os.path.exists(path) or "://" in path:
                    yield path, CHANGE if path.endswith((".db", ".duckdb")) else READ
