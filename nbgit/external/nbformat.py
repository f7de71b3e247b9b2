"""Ring 3: the one door to nbformat (a second to import: never on the hot path)."""

import warnings
from typing import Any

from nbgit.errors import NotANotebook


def upgrade(notebook_bytes: bytes) -> dict[str, Any]:
    """Return a notebook of any format as nbformat's v4 document; raises NotANotebook.

    Nothing is added to a v4 notebook. nbformat gives upgraded cells random ids; here they count the cells, so that
    the same bytes always give the same document.
    """
    nbformat = _nbformat()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            document = nbformat.reader.reads(notebook_bytes.decode("utf-8-sig", "surrogatepass"))
            if document.nbformat < 4:
                document = nbformat.convert(document, 4)
                for index, cell in enumerate(document.cells):
                    cell["id"] = f"{index:08x}"
    except Exception as error:  # nbformat lets KeyError, AttributeError and more through for what is no notebook
        raise NotANotebook(f"not a notebook that nbformat reads ({type(error).__name__}: {error})") from error
    upgraded: dict[str, Any] = document
    return upgraded


def problem_with(notebook_bytes: bytes) -> str:
    """Return what nbformat's schema objects to in a notebook, as one line, or "" where it is valid."""
    nbformat = _nbformat()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            document = nbformat.from_dict(nbformat.reader.parse_json(notebook_bytes.decode("utf-8-sig")))
            nbformat.validate(document)
    except Exception as error:  # jsonschema's, or anything else for what is no notebook at all
        return str(error).split("\n", 1)[0] or type(error).__name__
    return ""


def _nbformat() -> Any:  # its functions carry no types
    import nbformat

    return nbformat
