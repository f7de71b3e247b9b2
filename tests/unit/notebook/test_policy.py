"""`.nbgit.toml`: what it may say, and that every refusal names the line."""

from __future__ import annotations

import pytest

from nbgit.errors import PolicyInvalid
from nbgit.notebook.policy import CELL_METADATA, KEEP_TAGS, NOTEBOOK_METADATA, Policy, read_policy


def facts(policy: Policy) -> dict[str, object]:
    return {name: getattr(policy, name) for name in Policy.__slots__}


@pytest.mark.parametrize(
    "toml",
    [
        "",
        "\n\n# nothing\n",
        "version = 1",
        "[volatile]\n[stable]\n[keep]\n",
        "[volatile]\noutputs = true\nexecution_counts = true\ncell_metadata = []\n",
        "version = 1\r\n[keep]\r\ninit_cells = true\r\n",
        'volatile = {}\nkeep = { tags = ["keep_output"] }',
        "\ufeffversion = 1\n",
    ],
)
def test_the_defaults(toml: str) -> None:
    assert facts(read_policy(toml.encode())) == facts(Policy())


def test_lists_are_added_to_and_taken_from_the_defaults() -> None:
    policy = read_policy(
        b"""
        [volatile]
        cell_metadata = ["vscode", "collapsed", "slideshow.slide_type"]
        notebook_metadata = ["toc"]
        [stable]
        cell_metadata = ["hidden", "not there"]
        notebook_metadata = ["widgets"]
        [keep]
        tags = ["figure", "keep_output"]
        init_cells = false
        """
    )
    kept = tuple(name for name in CELL_METADATA if name != "hidden")
    assert policy.cell_metadata == (*kept, "vscode", "slideshow.slide_type")
    assert policy.notebook_metadata == (*(name for name in NOTEBOOK_METADATA if name != "widgets"), "toc")
    assert policy.keep_tags == (*KEEP_TAGS, "figure")
    assert not policy.keep_init_cells
    assert policy.outputs
    assert policy.execution_counts


def test_other_ways_to_write_the_same() -> None:
    expected = facts(read_policy(b'[volatile]\noutputs = false\ncell_metadata = ["a"]\n'))
    for toml in (
        'volatile.outputs = false\nvolatile.cell_metadata = ["a"]',
        'volatile = { outputs = false, cell_metadata = ["a"] }',
        "[volatile]\n\"outputs\" = false\n'cell_metadata' = [\n  'a', # why\n]\n",
        '["volatile"]\ncell_metadata = ["""a"""]\noutputs=false',
    ):
        assert facts(read_policy(toml.encode())) == expected


@pytest.mark.parametrize(
    ("toml", "line"),
    [
        ("outputs = false", 1),
        ("\n[volatil]\n", 2),
        ("[volatile]\noutput = false", 2),
        ("[volatile]\noutputs = 1", 2),
        ("[volatile]\n\n\noutputs = 'yes'", 4),
        ("[volatile]\nexecution_counts = []", 2),
        ("[volatile]\ncell_metadata = 'a'", 2),
        ("[volatile]\ncell_metadata = [1]", 2),
        ("[volatile]\ncell_metadata = ['a', '']", 2),
        ("[volatile]\ncell_metadata = ['a', ['b']]", 2),
        ("[keep]\ntags = true", 2),
        ("[keep]\ninit_cells = 'true'", 2),
        ("version = 2", 1),
        ("\nversion = true", 2),
        ("version = '1'", 1),
        ("[version]\nx = 1", 1),
        ("volatile = 1", 1),
        ("volatile = { outputs = 3 }", 1),
        ("volatile.outputs = 3", 1),
        ("[volatile]\noutputs = true\n[keep]\noutputs = true", 4),
        ("[volatile]\ncell_metadata = ['a']\n[stable]\ncell_metadata = 'a'", 4),
        ("[volatile]\n# outputs: see below\noutputs = 1", 3),
        ("[volatile]\noutputs = true\n\n[outputs]\n", 4),
        ("[volatile]\nout = 1\noutputs = true", 2),
        ("[volatile]\noutputs = true\nout = 1", 3),
        ("[volatile]\n'outputs' = 1", 2),
        ("[[volatile]]\noutputs = true", 1),
        ("[volatile]\noutputs = true\noutputs = false", 3),
        ("[volatile\n", 1),
        ("[volatile]\noutputs = ", 2),
        ("[volatile]\ncell_metadata = [\n  'a',\n  'b'\n", 2),
        ("[volatile]\ncell_metadata = ['a\n']", 2),
        ("x", 1),
        ("version = 1\nversion = " + "1" * 5000, 2),
        ("\n\nversion = " + "9" * 5000, 3),
        ("version = 1\n[keep]\ntags = " + "[" * 5000, 3),
        ("[keep.tags]\nx = 1", 1),
        ("[keep]\n[keep.more]\nx = 1", 2),
        ('"a\\n\\u001b[31m' + "b" * 500 + '" = 1', 1),
    ],
)
def test_a_refusal_names_the_line(toml: str, line: int) -> None:
    with pytest.raises(PolicyInvalid) as refusal:
        read_policy(toml.encode())
    words = str(refusal.value)
    assert words.startswith(".nbgit.toml")
    assert f"line {line}:" in words or f"line {line}," in words or f"line {line} " in words, words
    assert words.isprintable()
    assert len(words) < 300


@pytest.mark.parametrize(
    ("toml", "line"), [(b"\xff\xfe", 1), (b"version = 1\n# caf\xe9\n", 2), ("é".encode("utf-16"), 1)]
)
def test_what_is_no_utf_8(toml: bytes, line: int) -> None:
    with pytest.raises(PolicyInvalid, match=f"line {line} is not UTF-8"):
        read_policy(toml)


def test_the_key_names_exactly_one_policy() -> None:
    policies = [
        Policy(),
        Policy(outputs=False),
        Policy(execution_counts=False),
        Policy(keep_init_cells=False),
        Policy(keep_tags=()),
        Policy(keep_tags=("a", "b")),
        Policy(keep_tags=("a, b",)),
        Policy(cell_metadata=()),
        Policy(notebook_metadata=()),
        Policy(cell_metadata=NOTEBOOK_METADATA, notebook_metadata=CELL_METADATA),
    ]
    assert len({policy.key for policy in policies}) == len(policies)
    assert Policy().key == read_policy(b"version = 1").key
    assert all(len(policy.key) == 8 and "-" not in policy.key for policy in policies)
