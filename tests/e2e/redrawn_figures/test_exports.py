"""blame-output --prov and --ro-crate of notebooks that really ran, held against the standards' own libraries."""

from __future__ import annotations

import json
import os
import warnings
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.crates import objections
from tests.e2e.redrawn_figures.project import CLEAN, PLOT, WIDER
from tests.gitbox import SOURCE_ROOT, GitBox
from tests.nb import code, notebook
from tests.prov_rules import broken_rules, pairs

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
FIGURE = ("plot.ipynb", "--cell-id", "plot")


def prov_of(box: GitBox, *arguments: str) -> dict[str, Any]:
    """Return the PROV-JSON of an output, which breaks no rule and which prov reads as it wrote it."""
    from prov.model import ProvDocument

    result = box.nbgit("blame-output", *arguments, "--prov")
    assert result.code == 0, result
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # prov warns of what it passes over
        read = ProvDocument.deserialize(content=result.out, format="json")
    assert ProvDocument.deserialize(content=read.serialize(format="json"), format="json") == read
    assert len(list(read.get_records())) == sum(
        len(kind) for key, kind in json.loads(result.out).items() if key != "prefix"
    )
    document: dict[str, Any] = json.loads(result.out)
    assert broken_rules(document) == []
    return document


def labels(document: dict[str, Any], names: set[str]) -> set[str]:
    """Return the labels of elements."""
    elements = {**document["entity"], **document["activity"], **document.get("agent", {})}
    return {elements[name]["prov:label"] for name in names}


def test_prov_of_a_figure(redrawn: GitBox) -> None:
    pytest.importorskip("prov")
    document = prov_of(redrawn, *FIGURE)
    (figure,) = [name for name in document["entity"] if name.startswith("output:")]
    assert document["entity"][figure]["prov:label"] == "plot.ipynb cell 5 output 0"
    (run,) = {run for entity, run in pairs(document, "wasGeneratedBy") if entity == figure}
    assert document["activity"][run]["nbgit:code"] == PLOT["plot"].replace("zip(*data),", "zip(*data), 'o-',")
    assert document["activity"][run]["fact:sample"] == "B8"
    steps = {step for target, step in pairs(document, "wasInformedBy") if target == run}
    assert labels(document, steps) == {f"run [{count}] of plot.ipynb" for count in (1, 2, 3, 4)}
    sources = {source for derived, source in pairs(document, "wasDerivedFrom") if derived == figure}
    assert labels(document, sources) == {"data/clean.csv", "outside/toolkit.py"}
    (clean,) = [name for name in sources if "clean" in name]
    assert labels(document, {source for derived, source in pairs(document, "wasDerivedFrom") if derived == clean}) == {
        "scale.txt",
        *(name for name in labels(document, set(document["entity"])) if name.startswith("http://127.0.0.1")),
    }
    (maker,) = {run for entity, run in pairs(document, "wasGeneratedBy") if entity == clean}
    assert document["activity"][maker]["nbgit:path"] == "clean.ipynb"
    agents = {agent for activity, agent in pairs(document, "wasAssociatedWith") if activity == run}
    assert {name.split(":")[0] for name in agents} == {"person", "kernel"}
    assert "pypi:toolkit@1.1" in document["agent"]
    plans = {one["prov:plan"] for one in document["wasAssociatedWith"].values() if "prov:plan" in one}
    assert "plot.ipynb cell 5" in labels(document, plans)
    assert str(redrawn.root) not in json.dumps(document)


def test_crate_of_a_figure(redrawn: GitBox, tmp_path: Path) -> None:
    pytest.importorskip("rocrate")
    pytest.importorskip("rocrate_validator")
    place = str(tmp_path / "étude")
    told = redrawn.nbgit("blame-output", *FIGURE, "--ro-crate", place, "--license", "CC-BY-4.0", "--data")
    assert (told.code, told.err) == (0, "")
    crate = Path(place)
    assert set(objections(crate, tmp_path / "cache", "RECOMMENDED")) == {  # and nothing that is required
        "RECOMMENDED The Application SHOULD have a url",  # the recipe is a file of the crate
        "RECOMMENDED The SoftwareApplication id SHOULD be an absolute URI",  # an urn: is one
        "RECOMMENDED The `publisher` property of a `Root Data Entity` SHOULD be an `Organization`",
        "RECOMMENDED The author SHOULD have an organizational affiliation.",
        "RECOMMENDED The author SHOULD have a Contextual Entity which specifies the organizational `affiliation`.",
    }
    entities = {one["@id"]: one for one in json.loads((crate / "ro-crate-metadata.json").read_text())["@graph"]}
    for name in ("output.png", "inputs/scale.txt", "inputs/data/clean.csv"):
        assert entities[name]["sha256"] == sha256((crate / name).read_bytes()).hexdigest()
    assert (crate / "output.png").read_bytes()[:4] == b"\x89PNG"
    assert WIDER in (crate / "recipe.py").read_text()
    upstream = (crate / "recipes" / "01-clean.py").read_text()
    assert "it wrote data/clean.csv" in upstream
    assert CLEAN["write"] in upstream
    actions = [one for one in entities.values() if one["@type"] == "CreateAction"]
    assert {one["result"]["@id"] for one in actions} == {"output.png", "inputs/data/clean.csv"}
    (last,) = [one for one in actions if one["result"]["@id"] == "output.png"]
    kernel = entities[last["instrument"]["@id"]]
    assert "https://pypi.org/project/toolkit/1.1/" in [one["@id"] for one in kernel["softwareRequirements"]]
    assert entities[last["agent"]["@id"]]["name"] == "Ada Lovelace"
    assert all(str(redrawn.root).encode() not in file.read_bytes() for file in crate.rglob("*") if file.is_file())
    again = redrawn.nbgit("blame-output", *FIGURE, "--ro-crate", place)
    assert again.code == 2
    assert "not an empty folder" in again.err
    assert sorted(name.name for name in tmp_path.iterdir()) == ["cache.sqlite", "étude"]


def test_what_was_not_recorded_is_told_as_static(installed: GitBox, tmp_path: Path) -> None:
    pytest.importorskip("rocrate_validator")
    shown = {"output_type": "display_data", "data": {"image/png": PIXEL}, "metadata": {}}
    name = "a \u202e:\\ b#%25é\x1b[2J.ipynb"
    cells = [code("n = 1", id="n", execution_count=1), code("show(n)", id="s", execution_count=2, outputs=[shown])]
    installed.write(name, notebook(*cells))
    installed.commit("draw\x1b[2J")
    document = prov_of(installed, name)
    (run,) = document["activity"]
    assert "static" in document["activity"][run]["nbgit:recipe"]
    assert labels(document, {entity for _, entity in pairs(document, "used")}) == {f"{name} cell 0", f"{name} cell 1"}
    crate = tmp_path / "crate"
    crate.mkdir()
    told = installed.nbgit("blame-output", name, "--ro-crate", str(crate))
    assert told.code == 0, told
    assert "--license" in told.err
    assert objections(crate, tmp_path / "cache") == []
    assert sorted(file.name for file in crate.iterdir()) == [
        "output.png",
        "recipe.ipynb",
        "recipe.py",
        "ro-crate-metadata.json",
    ]


@pytest.mark.parametrize(("option", "library"), [("--prov", "prov"), ("--ro-crate=x", "rocrate")])
def test_a_missing_library_is_one_sentence(redrawn: GitBox, tmp_path: Path, option: str, library: str) -> None:
    (tmp_path / library).mkdir()
    (tmp_path / library / "__init__.py").write_text("raise ImportError")
    path = {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(SOURCE_ROOT)])}
    result = redrawn.nbgit("blame-output", *FIGURE, option, environ=path)
    assert (result.code, result.err) == (10, f"nbgit: {library} is not installed; run `pip install 'nbgit[export]'`\n")
