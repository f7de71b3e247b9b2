"""Ring 1: what is volatile (docs/design.md, "What is volatile"; the file `.nbgit.toml`: docs/formats.md).

A policy is plain data. `read_policy` checks every key by hand, with the line in its message, because it runs in the
filter process where jsonschema (a second to import) can't; a test holds the two checks to the same verdicts.
"""

from zlib import crc32

from nbgit.errors import PolicyInvalid

SPLIT_VERSION = 1  # raised whenever the same policy cuts differently than before
FILE_NAME = ".nbgit.toml"
CELL_METADATA = (
    "execution",
    "ExecuteTime",
    "collapsed",
    "scrolled",
    "heading_collapsed",
    "hidden",
    "papermill",
)
NOTEBOOK_METADATA = ("widgets", "signature", "papermill", "language_info.version")
KEEP_TAGS = ("keep_output",)


class Policy:
    """What `split` cuts out.

    `cell_metadata` and `notebook_metadata` are the volatile keys (dots go one level down), `keep_tags` the cell tags
    that keep a cell's outputs in the source, `keep_init_cells` whether `init_cell` does, and `outputs` /
    `execution_counts` whether those are volatile at all.
    """

    __slots__ = (
        "cell_metadata",
        "execution_counts",
        "keep_init_cells",
        "keep_tags",
        "notebook_metadata",
        "outputs",
    )

    def __init__(
        self,
        cell_metadata: tuple[str, ...] = CELL_METADATA,
        notebook_metadata: tuple[str, ...] = NOTEBOOK_METADATA,
        keep_tags: tuple[str, ...] = KEEP_TAGS,
        keep_init_cells: bool = True,
        outputs: bool = True,
        execution_counts: bool = True,
    ) -> None:
        self.cell_metadata = cell_metadata
        self.notebook_metadata = notebook_metadata
        self.keep_tags = keep_tags
        self.keep_init_cells = keep_init_cells
        self.outputs = outputs
        self.execution_counts = execution_counts

    @property
    def key(self) -> str:
        """A short name for exactly this policy under this version of `split`: what was split under another key may
        have another source."""
        facts = [SPLIT_VERSION, *(getattr(self, name) for name in self.__slots__)]
        return f"{crc32(repr(facts).encode()):08x}"


_LISTS = {
    ("volatile", "cell_metadata"): CELL_METADATA,
    ("volatile", "notebook_metadata"): NOTEBOOK_METADATA,
    ("stable", "cell_metadata"): (),
    ("stable", "notebook_metadata"): (),
    ("keep", "tags"): KEEP_TAGS,
}
_LINES_TRIED = 1000  # of a longer file that is wrong, the first lines are searched for the mistake
_SWITCHES = {
    ("volatile", "outputs"): True,
    ("volatile", "execution_counts"): True,
    ("keep", "init_cells"): True,
}


def read_policy(toml: bytes) -> Policy:
    """Return the policy that a `.nbgit.toml` asks for, on top of the defaults.

    Raises PolicyInvalid, naming the line, for anything that is not TOML, not known, or of the wrong type.
    """
    try:
        text = toml.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = toml[: error.start].count(b"\n") + 1
        raise PolicyInvalid(f"{FILE_NAME} line {line} is not UTF-8; save the file as UTF-8") from error
    try:
        return _policy_of(_given(text))
    except ValueError as error:
        words = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(error)[:200])
        raise PolicyInvalid(f"{FILE_NAME} line {_line_of_error(text)}: {words}") from error


def _given(text: str) -> dict[tuple[str, str], object]:
    """Return (table, key) -> value, each checked; raises ValueError for the first thing that is wrong."""
    given: dict[tuple[str, str], object] = {}
    for table, content in _parse(text).items():
        if table == "version":
            if content != 1 or isinstance(content, bool):
                raise ValueError("that version is not known here; write `version = 1`")
            continue
        if not isinstance(content, dict) or table not in ("volatile", "stable", "keep"):
            raise ValueError(f"`{table}` is not known; the tables are [volatile], [stable] and [keep]")
        for key, value in content.items():
            _check(table, key, value)
            given[table, key] = value
    return given


def _policy_of(given: dict[tuple[str, str], object]) -> Policy:
    def names(table: str, key: str) -> tuple[str, ...]:
        value = given.get((table, key), ())
        assert isinstance(value, (list, tuple))
        return tuple(str(name) for name in value)

    def volatile(key: str, default: tuple[str, ...]) -> tuple[str, ...]:
        stable = names("stable", key)
        return tuple(dict.fromkeys(name for name in (*default, *names("volatile", key)) if name not in stable))

    return Policy(
        cell_metadata=volatile("cell_metadata", CELL_METADATA),
        notebook_metadata=volatile("notebook_metadata", NOTEBOOK_METADATA),
        keep_tags=tuple(dict.fromkeys((*KEEP_TAGS, *names("keep", "tags")))),
        keep_init_cells=bool(given.get(("keep", "init_cells"), True)),
        outputs=bool(given.get(("volatile", "outputs"), True)),
        execution_counts=bool(given.get(("volatile", "execution_counts"), True)),
    )


def _check(table: str, key: str, value: object) -> None:
    if (table, key) in _SWITCHES:
        if not isinstance(value, bool):
            raise ValueError(f"`{key}` takes true or false")
    elif (table, key) in _LISTS:
        if not isinstance(value, list) or not all(isinstance(name, str) and name for name in value):
            raise ValueError(f"`{key}` takes a list of names in quotes")
    else:
        raise ValueError(f"`{key}` is not known in [{table}]")


def _parse(text: str) -> dict[str, object]:
    try:
        import tomllib  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        import tomli as tomllib  # type: ignore[import-not-found, no-redef, unused-ignore]
    try:
        document: dict[str, object] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"not TOML: {str(error).partition(' (at ')[0]}; mend that line") from error
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits, a list in a list in a list ...
        raise ValueError("not TOML that can be read here; mend that line") from error
    return document


def _line_of_error(text: str) -> int:
    """Return the line, from 1, where the first wrong statement begins: the one after the longest beginning of the
    file that is right. (TOML's own positions are where its parser gave up: of a list without an end, the last line.)
    """
    lines = text.split("\n")
    for good in range(min(len(lines), _LINES_TRIED) - 1, 0, -1):
        try:
            _given("\n".join(lines[:good]))
        except ValueError:
            continue
        return good + 1
    return 1
