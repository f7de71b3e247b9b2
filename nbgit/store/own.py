"""Ring 2: what entries say of notebooks that have their outputs in the commit's own blob (`nbgit import`).

Which blob it is stands in the entry: where git has carried the entry to a commit with another one, it says nothing.
"""

from nbgit.errors import GitFailed, NotANotebook
from nbgit.notebook.outputs import read_counts, read_payloads
from nbgit.store.entries import SIZE_LIMIT, get_note, read_own, summarize
from nbgit.store.objects import ObjectReader
from nbgit.store.repository import Repository
from nbgit.store.snapshots import NOTEBOOK_LIMIT
from nbgit.store.trees import Tree


def true_own(
    repository: Repository, reader: ObjectReader, notes: Tree, commit: str
) -> tuple[dict[str, str], dict[str, str]]:
    """Return path -> blob of what the commit's entry says, and of that what is so: the commit has that blob.

    Of a commit that is not here all of it is.
    """
    note = get_note(notes, commit)
    said = read_own(reader.read(note, most=SIZE_LIMIT) or b"") if note else {}
    if not said:
        return {}, {}
    root = Tree(f"{commit}^{{tree}}", reader, len(repository.empty_oid) // 2)
    try:
        return said, {path: blob for path, blob in said.items() if _blob_at(root, path) == blob}
    except GitFailed:
        return said, said


def describe_own(reader: ObjectReader, own: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Return path -> (blob, what an entry says of it) for path -> blob."""
    return {
        path: (blob, describe_notebook(reader.read(blob, most=NOTEBOOK_LIMIT) or b"")) for path, blob in own.items()
    }


def describe_notebook(notebook: bytes) -> str:
    """Return what `describe` says of a notebook's snapshot."""
    try:
        counts = read_counts(notebook)
        payloads = [(payload.cell_index, payload.output_index, payload.mime) for payload in read_payloads(notebook)]
    except (NotANotebook, TypeError):  # or JSON of another shape under a notebook's name
        return ""
    return summarize(counts, payloads) if counts or payloads else ""


def _blob_at(root: Tree, path: str) -> str:
    *folders, name = path.split("/")
    for folder in folders:
        root = root.directory(folder)
    return root.entries.get(name, ("", ""))[1]
