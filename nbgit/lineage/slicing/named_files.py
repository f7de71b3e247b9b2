"""Ring 3: which files, addresses and scripts Python code names, and what it does with them (docs/slicing.md).

The same walk that finds what a run rests on notes the texts that reach calls of which it is known what they do with
files. What no text reaches is not named: this is what the code says, not all that it may do.
"""

import posixpath
from collections.abc import Sequence
from typing import NamedTuple

from nbgit.kernel.scripts import scripts_in
from nbgit.lineage.slicing.places import ENDINGS
from nbgit.lineage.slicing.pure import words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbgit.lineage.slicing.given import Given

READ, WRITTEN, FETCHED, STARTED = "read", "written", "fetched", "started"
LONGEST = 400  # characters of a name
READERS = words(
    "read_csv read_table read_excel read_json read_parquet read_pickle read_feather read_hdf read_fwf "
    "read_orc read_html read_xml read_stata read_spss read_text read_bytes load loadtxt genfromtxt "
    "fromfile loadmat imread load_workbook scan_csv scan_parquet read_file read_ipc read_ndjson read_avro"
)
WRITERS = words(
    "to_csv to_json to_parquet to_pickle to_feather to_excel to_hdf to_stata to_xml to_netcdf to_zarr "
    "to_file write_parquet write_csv write_json write_ipc save savez savez_compressed savetxt tofile "
    "savefig imsave imwrite savemat write_text write_bytes write_image write_html dump write_table "
    "ExcelWriter ParquetWriter sink_parquet sink_csv"
)
TELLING = words(
    "scan_csv scan_parquet read_file read_ipc read_ndjson read_avro write_json write_ipc sink_parquet sink_csv to_file"
)
BY_MODE = words("open File HDFStore memmap open_memmap ZipFile Dataset")
TWO = words("copy copy2 copyfile copytree move replace rename renames symlink link")
UNFIT = frozenset('\n\r\t\0<>|*?{}"')


class Named(NamedTuple):
    """One name in the code of a run (its number): what the code does with it, and the name as it stands."""

    unit: int
    how: str
    name: str


class Notes:
    """What was noted of the code of a session; `unit` is the run that is followed now."""

    def __init__(self) -> None:
        self.unit = 0
        self.found: dict[Named, None] = {}

    def files(self, name: str, given: "Given", target: str | None, *, is_sure: bool) -> None:
        """Note what a function or method of that name does with the file that it is given.

        Unless `is_sure`, only names count that say so themselves.
        """
        if not is_sure and name not in TELLING:
            return
        if name in TWO or name == "urlretrieve":
            self._add(READ, given.text(0))
            self._add(WRITTEN, given.text(1))
        elif name in BY_MODE:
            self.opened(given, target, 1)
        elif name in READERS:
            self._add(READ, target)
        elif name in WRITERS:
            is_bare = target and name in ENDINGS and not posixpath.splitext(target)[1]
            self._add(WRITTEN, f"{target}{ENDINGS[name]}" if is_bare else target)

    def opened(self, given: "Given", target: str | None, position: int) -> None:
        """Note a file that is opened in the mode that is given."""
        mode = given.named["mode"].text if "mode" in given.named else given.text(position)
        letters = mode if mode is not None else "r"
        if set(letters) & set("wxa+"):
            self._add(WRITTEN, target)
        if "r" in letters or "a" in letters or "+" in letters:
            self._add(READ, target)

    def started(self, command: str) -> None:
        """Note the scripts that a command starts."""
        for script in scripts_in(command):
            self._add(STARTED, script)

    def ran(self, script: str) -> None:
        """Note a script that runs in the session itself."""
        self._add(STARTED, script)

    def _add(self, how: str, name: str | None) -> None:
        if not name or len(name) > LONGEST or UNFIT & set(name):
            return
        if "://" in name:
            if how == READ and name.startswith(("http://", "https://", "ftp://")):
                self.found[Named(self.unit, FETCHED, name)] = None
        else:
            self.found[Named(self.unit, how, name.replace("\\", "/"))] = None


def name_files(codes: Sequence[str]) -> tuple[list[Named], list[set[int]]]:
    """Return what cells, in the order in which they are run, name, and for each those before it that it needs."""
    from nbgit.lineage.slicing.frames import Context
    from nbgit.lineage.slicing.slicer import Run, follow, runs_of

    context = Context(False)
    notes = context.notes = Notes()
    for unit, code in enumerate(codes):
        notes.unit = unit
        follow(context, unit, Run(code), unit + 1)
    return list(notes.found), [runs_of(context.memory.needed[unit]) for unit in range(len(codes))]
