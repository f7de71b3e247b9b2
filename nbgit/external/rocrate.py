"""Ring 3: the one door to rocrate, which writes Research Object Crates (RO-Crate 1.1)."""

import io
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

from nbgit.errors import MissingExtra

VERSION = "1.1"  # that of Process Run Crate 0.5


def write_crate(
    folder: str,
    root: Mapping[str, Any],
    entities: Iterable[dict[str, Any]],
    files: Mapping[str, tuple[dict[str, Any], bytes]],
    terms: Mapping[str, str],
) -> None:
    """Write a crate into a folder: `root` are the root data set's properties, `files` are by their path in the crate.

    Nothing is fetched. Raises MissingExtra without rocrate.
    """
    try:
        from rocrate.model.contextentity import ContextEntity
        from rocrate.rocrate import ROCrate
    except ImportError as error:
        raise MissingExtra("rocrate is not installed; run `pip install 'nbgit[export]'`") from error
    crate = ROCrate(version=VERSION)
    crate.metadata.extra_terms.update(terms)
    for entity in entities:
        properties = {key: _storable(value) for key, value in entity.items() if key != "@id"}
        crate.add(ContextEntity(crate, entity["@id"], properties=properties))
    for path, (properties, data) in files.items():
        crate.add_file(io.BytesIO(data), path, properties=_storable(properties))
    for key, value in root.items():
        crate.root_dataset[key] = _storable(value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        crate.write(folder)


def _storable(value: Any) -> Any:
    """Return JSON whose text is UTF-8: a lone surrogate becomes a question mark."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {key: _storable(one) for key, one in value.items()}
    return [_storable(one) for one in value] if isinstance(value, list) else value
