"""Ring 3: the one door to nbformat (a second to import: never on the hot path)."""

import warnings
from typing import Any

from nbgit.errors import NotANotebook


def upgrade(notebook_bytes: bytes) -> dict[str, Any]:
    """Return a notebook of any format as nbformat's v4 document; raises NotANotebook."""
    nbformat = _nbformat()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            document: dict[str, Any] = nbformat.reads(notebook_bytes.decode("utf-8-sig", "surrogatepass"), as_version=4)
    except Exception as error:  # nbformat lets KeyError, AttributeError and more through for what is no notebook
        raise NotANotebook(f"not a notebook that nbformat reads ({type(error).__name__}: {error})") from error
    return document


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
