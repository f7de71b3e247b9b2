"""Ring 2: what entries say of notebooks that have their outputs in the commit's own blob (`nbgit import`).

Which blob it is stands in the entry: where git has carried the entry to a commit with another one, it says nothing.
"""

from nbgit.errors import GitFailed
from nbgit.store.entries import SIZE_LIMIT, get_note, read_own
from nbgit.store.objects import ObjectReader
from nbgit.store.repository import Repository
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


def _blob_at(root: Tree, path: str) -> str:
    *folders, name = path.split("/")
    for folder in folders:
        root = root.directory(folder)
    return root.entries.get(name, ("", ""))[1]
