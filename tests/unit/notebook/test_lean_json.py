"""nbgit.notebook.lean_json answers as json does."""

import json

import pytest

from nbgit.notebook.lean_json import loads

GOOD = [
    b'{"a": [1, 2.5, -3e4, true, false, null, "\\u00e9\\ud800"], "a": {}}',
    b" \n[1] \r\n",
    '"straße"',
    b"\xef\xbb\xbf[]",
    '["utf-16"]'.encode("utf-16"),
    b'{"big": 123456789012345678901234567890}',
    b"[Infinity, -Infinity]",
    b"0",
]
BAD = [b"", b"{", b"[1] x", b'{"a" 1}', b"\xff\xfe\xfd", b'["\n"]', "'a'", b"nul", b"[1,]"]


@pytest.mark.parametrize("data", GOOD)
def test_it_reads_what_json_reads(data: bytes | str) -> None:
    assert loads(data) == json.loads(data)
    assert str(loads(b"[NaN]")) == "[nan]"


@pytest.mark.parametrize("data", BAD)
def test_it_refuses_as_json_does(data: bytes | str) -> None:
    with pytest.raises(ValueError) as expected:
        json.loads(data)
    with pytest.raises(type(expected.value)) as found:
        loads(data)
    assert str(found.value) == str(expected.value)


def test_what_is_nested_too_deeply_is_a_recursion_error() -> None:
    with pytest.raises(RecursionError):
        loads(b"[" * 200_000)
