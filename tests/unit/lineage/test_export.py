"""Exports of what journals of any content tell: PROV's constraints hold, and no path or secret leaves the machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbgit.external.prov import write_prov
from nbgit.external.rocrate import write_crate
from nbgit.lineage.blame import Match
from nbgit.lineage.export.crate import TERMS, Author, inner_path
from nbgit.lineage.export.provenance import Provenance
from nbgit.lineage.export.telling import as_told, told_path
from nbgit.lineage.history.commits import Commit
from nbgit.lineage.history.documents import Figure
from nbgit.lineage.history.versions import Shown, Version
from nbgit.lineage.origin.origin import Origin
from nbgit.lineage.origin.recipe import Recipe, Step
from nbgit.lineage.origin.script import as_script
from nbgit.lineage.origin.state import State
from nbgit.lineage.origin.upstream import Input, Made
from nbgit.lineage.origin.whereabouts import Place
from nbgit.lineage.runs.journals import Address, FileSeen, Run, Session
from tests.crates import objections
from tests.prov_rules import broken_rules

HOSTILE = ['a b\u202e".csv', "data/é:%\\x.csv", "~/secret/key.pem", "/home/ada/x.csv", "../../up.csv", "C:\\x\\y.csv"]
HOSTILE += ["", ".", "a//b", "\ud83d.csv", "x\x1b[2J\n.csv", "aux. ", "data/raw.csv", "/sha256:" + "0" * 32]
COMMIT = Commit("1" * 40, "Ada <ada@example.org>", "2026-11-05T14:02:11+00:00", "draw \x1b[2J it")


def a_run(session: Session, number: int, started: str, seconds: float | None, **facts: Any) -> Run:
    """Return a run of a session."""
    code = f"step({number})"
    return Run(
        f"{session.id}:{number}", session, code, started, "2" * 40, seconds=seconds, execution_count=number, **facts
    )


def a_match(path: str = "n.ipynb") -> Match:
    """Return a figure of cell 3 of a notebook."""
    figure = Figure(3, "c", 0, "image/png", "sha256:" + "a" * 64, 4, 7, None)
    version = Version(0, path, Shown("b" * 40, None))
    return Match(path, figure, COMMIT, COMMIT, version, figure, [], "draw()", False, [], "python")


def an_origin(made: Made) -> Origin:
    """Return the origin of what a making has made."""
    return Origin(made.recipe or Recipe("recorded", (), 0), State("unknown"), made)


TIMES = st.sampled_from(
    ["2026-11-05T14:02:11.104Z", "2026-11-05T14:02:12Z", "2026-11-06T00:00:00Z", "2026-11-04T09:00:00Z", "", "nonsense"]
)
LENGTHS = st.sampled_from([0.0, 0.25, 90000.0, -5.0, float("inf"), float("nan"), None])


@st.composite
def tangles(draw: st.DrawFn) -> Made:
    """Return a making that rests on others, which may rest on each other in circles, in any order of times."""
    sessions = [
        Session(
            f"2026{n}", person=draw(st.sampled_from(["", "Ada <a@b>", "<a@b>", "É. :/"])), kernel={"python": "3.11"}
        )
        for n in range(2)
    ]
    for session in sessions:
        session.packages.append((None, {"pandas": "3.1", "a b": "1:2"}))
    runs = [a_run(sessions[n % 2], n, draw(TIMES), draw(LENGTHS)) for n in range(draw(st.integers(1, 5)))]
    made: dict[str, Made] = {}

    def making(run: Run) -> Made:
        place = Place(draw(st.sampled_from(["n.ipynb", None])), draw(st.sampled_from([1, None])), None, None)
        if run.id in made:
            return Made(run, place)
        own = [one for one in runs if one.session is run.session and one.number <= run.number]
        steps = tuple(Step(one.code, one.execution_count, None, one) for one in own)
        made[run.id] = Made(run, place, Recipe("recorded", steps, len(own)))
        for reader in draw(st.lists(st.sampled_from(own), max_size=3)):
            made[run.id].inputs.append(an_input(reader))
        return made[run.id]

    def an_input(reader: Run) -> Input:
        if draw(st.booleans()):
            return Input(reader, url=draw(st.sampled_from(["https://u:p@host/x?token=1#y", "host:443", "a b"])))
        digest = draw(st.sampled_from(["c" * 64, "d" * 64, None]))
        file = FileSeen(draw(st.sampled_from(HOSTILE)), 3, "2026-11-01T00:00:00.000000Z", digest)
        return Input(reader, file, written_by=making(draw(st.sampled_from(runs))) if draw(st.booleans()) else None)

    return making(runs[-1])


def prov_of(made: Made) -> dict[str, Any]:
    """Return the PROV-JSON of a making's figure."""
    provenance = Provenance(lambda run: Place("n.ipynb", 2, "c", COMMIT))
    provenance.add(a_match(), an_origin(made))
    document: dict[str, Any] = json.loads(write_prov(provenance.prefixes, provenance.records))
    return document


@settings(max_examples=30)
@given(tangles())
def test_no_journal_breaks_the_rules_of_prov(made: Made) -> None:
    pytest.importorskip("prov")
    from prov.model import ProvDocument

    document = prov_of(made)
    assert broken_rules(document) == []
    text = json.dumps(document)
    read = ProvDocument.deserialize(content=text, format="json")
    assert ProvDocument.deserialize(content=read.serialize(format="json"), format="json") == read
    assert not any(secret in text for secret in ("/home/ada", "~/secret", "a@b", "token", "u:p@"))


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"wasGeneratedBy": {"1": ("f:x", "r:1"), "2": ("f:x", "r:2")}}, "f:x was generated twice"),
        ({"wasDerivedFrom": {"1": ("f:x", "f:y"), "2": ("f:y", "f:x")}}, "f:x was derived from itself"),
        ({"used": {"1": ("r:1", "f:z")}}, "used names f:z, which is no entity"),
        ({"wasInformedBy": {"1": ("r:1", "r:2")}}, "r:2 informs r:1, which was over before it began"),
        ({"wasGeneratedBy": {"1": ("f:x", "r:2")}, "used": {"1": ("r:1", "f:x")}}, "r:2 makes f:x for r:1, which"),
    ],
)
def test_the_rules_are_seen_to_be_broken(document: dict[str, Any], words: str) -> None:
    """The checker that all exports are held against finds what it is to find."""
    from tests.prov_rules import ENDS

    whole: dict[str, Any] = {
        "prefix": {"f": "urn:f:", "r": "urn:r:"},
        "entity": {"f:x": {}, "f:y": {}},
        "activity": {
            "r:1": {"prov:startTime": "2026-11-05T14:00:00+00:00", "prov:endTime": "2026-11-05T14:00:01+00:00"},
            "r:2": {"prov:startTime": "2026-11-06T14:00:00+00:00"},
        },
    }
    assert broken_rules(whole) == []
    for kind, relations in document.items():
        roles = [f"prov:{role}" for role, _ in ENDS[kind][:2]]
        whole[kind] = {name: dict(zip(roles, ends, strict=True)) for name, ends in relations.items()}
    assert any(told.startswith(words) for told in broken_rules(whole)), broken_rules(whole)


def test_a_crate_of_hostile_names_is_valid(tmp_path: Path) -> None:
    pytest.importorskip("rocrate_validator")
    session = Session("2026", person="Ada <a@b>", kernel={"python": "3.11"}, cwd="/home/ada/lab")
    run = a_run(session, 1, "2026-11-05T14:02:11.104Z", 0.5, outcome="error", error="ValueError")
    run.urls = (Address("https://u:p@host/x y?token=1", "GET"),)
    inputs = [
        Input(run, FileSeen(path, 3, "2026-11-01T00:00:00.000000Z", f"{n:064}")) for n, path in enumerate(HOSTILE)
    ]
    inputs.append(Input(run, url=run.urls[0].url))
    made = Made(run, Place("n.ipynb", 3), Recipe("recorded", (Step(run.code, 1, None, run),), 1), inputs)
    match, origin = a_match("a \x1b[2J é.ipynb"), an_origin(made)
    author = Author(lambda read: b"abc")
    author.describe(match, origin, b"\x89PNG", {"recipe.py": as_script(match, as_told(origin))})
    author.license("CC-BY-4.0")
    author.crate.root["datePublished"] = "2026-11-05"
    folder = tmp_path / "crate"
    write_crate(str(folder), author.crate.root, author.crate.entities.values(), author.crate.files, TERMS)
    assert objections(folder, tmp_path / "cache") == []
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert len(files) == 3 + len(HOSTILE)
    text = b"".join(file.read_bytes() for file in files)
    assert not any(secret in text for secret in (b"/home/ada", b"~/secret", b"a@b", b"token", b"u:p@", b"C:\\"))


@pytest.mark.parametrize("path", HOSTILE)
def test_where_a_crate_has_an_input(path: str) -> None:
    inside = inner_path(told_path(path))
    assert inside.startswith("inputs/")
    assert not {"", ".", ".."} & set(inside.split("/"))
    assert not set('<>:"\\|?*\x1b\n') & set(inside)
