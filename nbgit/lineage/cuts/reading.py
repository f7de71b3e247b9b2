"""Ring 3: cuts as sources of runs: what others have pushed, and what this clone has stored itself.

All of it is untrusted. A line counts only if it is of its cut's session and all that is read of it is of its kind and
within its limits; of that, paths that would lead out of the worktree are dropped. A local journal comes first, so that
no cut overrides what a kernel has said here.
"""

import json
import math
import re
from collections.abc import Callable, Iterator
from typing import Any

from nbgit.lineage.runs.journals import ERROR, INTERRUPTED, OK, UNKNOWN, VERSION, read_line
from nbgit.lineage.runs.paths import is_hidden, is_inside
from nbgit.lineage.runs.sources import LINE_LIMIT, Source
from nbgit.store.cuts import LIMIT, list_cuts, object_name
from nbgit.store.entries import is_oid
from nbgit.store.objects import ObjectReader
from nbgit.store.refs import SNAPSHOTS
from nbgit.store.repository import Repository

TEXT = 1000  # characters
CODE = 65_536
MOST_FILES, MOST_NAMES, MOST_TEXTS = 1000, 2000, 100
MOST_RUNS = 20_000  # of a cut
MOST_CUTS = 100_000  # that are looked at
LARGEST = 1 << 62
READ_AT_ONCE = 50
_TIME = re.compile(r"(?:19|20|21)\d\d-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-6]\d(?:\.\d{1,9})?Z", re.ASCII)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class CutSource(Source):
    """One cut; its name is its content, so it never changes. `read` gives the content of an oid."""

    def __init__(self, session: str, oid: str, read: Callable[[str], bytes]) -> None:
        super().__init__(session, oid, "")
        self._read = read

    def rows(self, start: int = 0) -> Iterator[tuple[bytes, int]]:
        """Yield each line that is as it must be, and the offset behind it."""
        content = self._read(self.key)
        offset = begun = 0
        for row in content.splitlines(keepends=True):
            offset += len(row)
            if offset <= start or not row.endswith(b"\n") or len(row) > LINE_LIMIT:
                continue
            try:
                line = read_line(row)
                cleaned = _cleaned(line, self.session) if line is not None else None
            except RecursionError:
                continue
            begun += cleaned is not None and cleaned["type"] == "begin"
            if cleaned is not None and begun <= MOST_RUNS:
                yield json.dumps(cleaned, separators=(",", ":")).encode("ascii") + b"\n", offset


class _Contents:
    """Reads cuts, a few together: a partial clone would fetch each with a process of its own."""

    def __init__(self, repository: Repository, cuts: list[tuple[str, str]]) -> None:
        self._repository = repository
        self._cuts = cuts
        self._places = {oid: at for at, (_, oid) in enumerate(cuts)}
        self._read: dict[str, bytes] = {}

    def read(self, oid: str) -> bytes:
        """Return one cut; nothing where it is not here, or too large."""
        if oid not in self._read:
            at = self._places[oid]
            some = self._cuts[at : at + READ_AT_ONCE]
            names = [object_name(SNAPSHOTS, session, one) for session, one in some]
            with ObjectReader(self._repository) as reader:
                contents = reader.read_sound(names, most=LIMIT)
            self._read = {one: content or b"" for (_, one), content in zip(some, contents, strict=True)}
        return self._read[oid]


def runs_in(session: str, content: bytes) -> set[str]:
    """Return the ids of the runs that a cut of this session holds, as far as they can be used."""
    lines = [read_line(row) or {} for row, _ in CutSource(session, "", lambda oid: content).rows()]
    return {line["id"] for line in lines if line.get("type") == "begin"}


def list_cut_sources(repository: Repository) -> list[Source]:
    """Return a source for each cut that the snapshots ref holds, those of one session together."""
    with ObjectReader(repository) as reader:
        found = list_cuts(repository, reader, SNAPSHOTS)[:MOST_CUTS]
    contents = _Contents(repository, found)
    return [CutSource(session, oid, contents.read) for session, oid in found]


def _cleaned(line: dict[str, Any], session: str) -> dict[str, Any] | None:
    """Return what may be used of a line, or None."""
    kind = line.get("type")
    if kind == "session":
        if line.get("id") != session or line.get("nbgit-run") != VERSION:
            return None
        return {"type": kind, "nbgit-run": VERSION, "id": session, **_told(line, _SESSION)}
    if kind == "packages":
        run = line.get("run")
        packages = _strings(line.get("packages"))
        if line.get("session") != session or not (run is None or _number(run, session)) or not packages:
            return None
        return {"type": kind, "session": session, "run": run, "packages": packages}
    number = _number(line.get("id"), session)
    if not number or kind not in ("begin", "end"):
        return None
    cleaned = {"type": kind, "id": line["id"], **_told(line, _BEGIN if kind == "begin" else _END)}
    if kind == "begin":
        cleaned["needs"] = [one for one in cleaned.get("needs", ()) if one < number]
        cleaned.setdefault("head", None)
        return cleaned if "code" in cleaned and "started" in cleaned and "needs" in line else None
    if cleaned.get("outcome") == UNKNOWN:
        cleaned["seconds"] = None
    return cleaned if "outcome" in cleaned and "seconds" in cleaned else None


def _told(line: dict[str, Any], kinds: dict[str, Callable[[Any], Any]]) -> dict[str, Any]:
    found = {key: kind(line[key]) for key, kind in kinds.items() if key in line}
    return {key: value for key, value in found.items() if value is not None}


def _number(run: object, session: str) -> int:
    """Return the number of a run of the session that an id names, or 0."""
    name, _, digits = run.rpartition(":") if isinstance(run, str) else ("", "", "")
    is_number = digits.isascii() and digits.isdigit() and len(digits) < 10 and digits[0] != "0"
    return int(digits) if name == session and is_number else 0


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and len(value) <= TEXT and _is_unicode(value) else None


def _code(value: Any) -> str | None:
    return value if isinstance(value, str) and len(value) <= CODE and _is_unicode(value) else None


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _time(value: Any) -> str | None:
    return value if isinstance(value, str) and _TIME.fullmatch(value) else None


def _path(value: Any) -> str | None:
    return value if isinstance(value, str) and _is_unicode(value) and (is_inside(value) or is_hidden(value)) else None


def _folder(value: Any) -> str | None:
    return "." if value == "." else _path(value)


def _integer(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value < LARGEST else None


def _seconds(value: Any) -> float | None:
    return float(value) if type(value) in (int, float) and 0 <= value < 1e9 and math.isfinite(value) else None


def _truth(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _oid(value: Any) -> str | None:
    return value if value == "unborn" or is_oid(value) else None


def _outcome(value: Any) -> str | None:
    return value if isinstance(value, str) and value in (OK, ERROR, INTERRUPTED, UNKNOWN) else None


def _strings(value: Any) -> dict[str, str] | None:
    rows = value.items() if isinstance(value, dict) else ()
    return {key: text for key, text in list(rows)[:MOST_NAMES] if _text(key) is not None and _text(text) is not None}


def _integers(value: Any) -> dict[str, int] | None:
    rows = value.items() if isinstance(value, dict) else ()
    return {key: one for key, one in list(rows)[:MOST_TEXTS] if _text(key) is not None and _integer(one) is not None}


def _list_of(kind: Callable[[Any], Any], most: int) -> Callable[[Any], list[Any]]:
    def cleaned(value: Any) -> list[Any]:
        found = [kind(one) for one in value[:most]] if isinstance(value, list) else []
        return [one for one in found if one is not None]

    return cleaned


def _object(
    kinds: dict[str, Callable[[Any], Any]], required: tuple[str, ...]
) -> Callable[[Any], dict[str, Any] | None]:
    def cleaned(value: Any) -> dict[str, Any] | None:
        found = _told(value, kinds) if isinstance(value, dict) else {}
        return found if found.keys() >= set(required) else None

    return cleaned


def _sha256(value: Any) -> str | None:
    return value if isinstance(value, str) and _DIGEST.fullmatch(f"sha256:{value}") else None


def _digest(value: Any) -> str | None:
    return value if isinstance(value, str) and _DIGEST.fullmatch(value) else None


def _facts(value: Any) -> dict[str, Any] | None:
    return value if isinstance(value, dict) and _is_unicode(json.dumps(value, ensure_ascii=False)) else None


_FILES = _list_of(
    _object({"path": _path, "size": _integer, "mtime": _time, "sha256": _sha256}, ("path", "size", "mtime")), MOST_FILES
)
_NAMES, _TEXTS = _list_of(_text, MOST_NAMES), _list_of(_text, MOST_TEXTS)
_SESSION: dict[str, Callable[[Any], Any]] = {
    "started": _time,
    "cwd": _folder,
    "notebook": _path,
    "number": _integer,
    "kernel": _strings,
    **dict.fromkeys(("host", "frontend", "person", "imported"), _text),
}
_BEGIN: dict[str, Callable[[Any], Any]] = {
    "code": _code,
    "started": _time,
    "head": _oid,
    "cell_id": _text,
    "code_size": _integer,
    "bound_before": _NAMES,
    "among": _integer,
    "needs": _list_of(_integer, MOST_RUNS),
}
_END: dict[str, Callable[[Any], Any]] = {
    "execution_count": _integer,
    "outcome": _outcome,
    "seconds": _seconds,
    "dirty": _truth,
    "error": _text,
    "bound": _NAMES,
    "deleted": _NAMES,
    "touches": _NAMES,
    "reads": _FILES,
    "writes": _FILES,
    "commands": _TEXTS,
    "undefined": _text,
    "figures": _integer,
    "displayed": _list_of(_object({"mime": _text, "digest": _digest}, ("mime", "digest")), MOST_TEXTS),
    "urls": _list_of(_object({"url": _text, "method": _text}, ("url",)), MOST_TEXTS),
    "facts": _facts,
    "omitted": _integers,
}
