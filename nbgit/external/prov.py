"""Ring 3: the one door to prov, W3C PROV's data model in Python: records become PROV-JSON."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from nbgit.errors import MissingExtra

Value = str | int | float | datetime | tuple[str, str]


def write_prov(prefixes: Mapping[str, str], records: Iterable[tuple[str, str, list[tuple[str, Value]]]]) -> bytes:
    """Return a PROV-JSON document (W3C submission of 2013, indented, ASCII) of records (kind, name, attributes).

    A value that is a pair is ("name", qualified name) or ("uri", address). Raises MissingExtra without prov.
    """
    try:
        from prov.constants import PROV_N_MAP
        from prov.identifier import Identifier
        from prov.model import ProvDocument
    except ImportError as error:
        raise MissingExtra("prov is not installed; run `pip install 'nbgit[export]'`") from error
    document = ProvDocument()
    for prefix, uri in prefixes.items():
        document.add_namespace(prefix, uri)
    kinds = {word: kind for kind, word in PROV_N_MAP.items()}

    def value_of(value: Value) -> Any:
        if not isinstance(value, tuple):
            return value
        return Identifier(value[1]) if value[0] == "uri" else document.valid_qualified_name(value[1])

    for kind, name, attributes in records:
        document.new_record(kinds[kind], name or None, [(key, value_of(value)) for key, value in attributes])
    return f"{document.serialize(format='json', indent=1)}\n".encode("ascii")
