"""The one door to jsonschema: documents of nbgit's, checked against the schemas it ships (docs/formats.md)."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable

from nbgit.errors import NbgitError

SCHEMAS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "schemas")


def schema_names() -> list[str]:
    """Return the names of the schemas nbgit ships, such as "status.v1", in order."""
    ending = ".schema.json"
    return sorted(name[: -len(ending)] for name in os.listdir(SCHEMAS) if name.endswith(ending))


def load_schema(name: str) -> dict[str, object]:
    """Return the schema of that name ("status.v1"); raises NbgitError where nbgit ships no such schema."""
    path = os.path.join(SCHEMAS, f"{name}.schema.json")
    try:
        with open(path, encoding="utf-8") as file:
            schema = json.load(file)
    except FileNotFoundError as error:
        raise NbgitError(f"{path} is missing from this installation of nbgit; install nbgit again") from error
    assert isinstance(schema, dict)
    return schema


def validate(document: object, schema_name: str) -> list[str]:
    """Return a sentence for each thing in `document` that its schema doesn't allow, by place; [] means valid.

    Importing jsonschema takes up to a second where Jupyter's extras are installed: never on the hot path.
    """
    from jsonschema import Draft202012Validator

    errors = Draft202012Validator(load_schema(schema_name)).iter_errors(document)
    ordered = sorted(errors, key=lambda error: [str(part) for part in error.absolute_path])
    return [f"{_place(error.absolute_path)}: {error.message}" for error in ordered]


def _place(parts: Iterable[str | int]) -> str:
    text = ""
    for part in parts:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "the document"
