"""Documents against schemas: sentences that name the place."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator

from nbgit.errors import NbgitError
from nbgit.external.json_schema import load_schema, schema_names, validate


def test_every_schema_is_a_schema() -> None:
    assert "status.v1" in schema_names()
    for name in schema_names():
        Draft202012Validator.check_schema(load_schema(name))


def test_a_sentence_names_the_place() -> None:
    document = {"schema": "nbgit/doctor.v1", "healthy": "yes", "checks": [{"name": "git", "verdict": "bad"}]}
    wrong = validate(document, "doctor.v1")
    assert any(sentence.startswith("healthy: ") for sentence in wrong)
    assert any(sentence.startswith("checks[0].verdict: ") for sentence in wrong)
    assert validate([], "doctor.v1")[0].startswith("the document: ")


def test_an_unknown_schema_is_one_sentence() -> None:
    with pytest.raises(NbgitError, match=r"none\.v1\.schema\.json"):
        validate({}, "none.v1")
