"""The definition of blame-output's answer, spelled out slowly: every commit, every edge, and git started for each."""

from __future__ import annotations

import functools
import json
import subprocess
from base64 import b64decode
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from nbgit.lineage.history.figures import figures_of
from nbgit.lineage.history.past import Past
from tests.nb import code, notebook

CORPUS = Path(__file__).resolve().parents[4] / "shared" / "corpus"


def corpus_bundle(name: str) -> Path:
    """Return where a bundle of the corpus lies; the test is skipped where it doesn't."""
    bundle = CORPUS / f"{name}.bundle"
    if not bundle.exists():
        pytest.skip(f"{bundle.name} is not there: the corpus stands beside the checkout, in shared/corpus")
    return bundle


def unbundle(bundle: Path, place: Path) -> Path:
    """Make a repository at `place` whose checked-out HEAD is the bundle's, and return `place`."""
    subprocess.run(["git", "init", "-q", str(place)], check=True)
    head = git(place, "bundle", "list-heads", str(bundle)).decode().split()[0]
    git(place, "bundle", "unbundle", str(bundle))
    git(place, "-c", "advice.detachedHead=false", "checkout", "-q", "--detach", head)
    return place


@functools.cache
def git(repository: Path, *arguments: str) -> bytes:
    """Return git's stdout (for the same question the same answer); the test fails where git does."""
    return subprocess.run(["git", *arguments], cwd=repository, check=True, capture_output=True).stdout


def figure_cell(source: str, *texts: str, count: int | None = 1, cell_id: str | None = None) -> dict[str, Any]:
    """Return a code cell that shows one picture (of made-up bytes, from a text) for each of `texts`."""
    from base64 import b64encode

    data = [{"image/png": b64encode(made_up(text)).decode() + "\n", "text/plain": ["<Figure>"]} for text in texts]
    outputs = [{"output_type": "display_data", "metadata": {}, "data": item} for item in data]
    extra: dict[str, Any] = {"id": cell_id} if cell_id else {}
    return code(source, outputs=outputs, execution_count=count, **extra)


def made_up(text: str) -> bytes:
    """Return bytes that look like a PNG of 4x3 pixels and differ for each text."""
    head = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (4).to_bytes(4, "big") + (3).to_bytes(4, "big")
    return head + sha256(text.encode()).digest() * 4


def digest(text: str) -> str:
    """Return the payload digest of a figure made from `text`."""
    return "sha256:" + sha256(made_up(text)).hexdigest()


def one_figure(text: str, source: str = "plot()", *, padding: int = 40) -> bytes:
    """Return a notebook whose cell 1 shows a figure; cells around it keep two versions similar for git."""
    cells = [code(f"import numpy as np  # line {number}\n" * 3) for number in range(padding)]
    return notebook(code("import numpy"), figure_cell(source, text), *cells, minor=4)


def walk(repository: Path, path: str) -> dict[str, tuple[str, str]]:
    """Return digest -> (earliest, latest commit) of every payload that the notebook at HEAD:`path` ever showed."""
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=repository, check=True, capture_output=True).stdout
    oids = git(repository, "rev-list", "--topo-order", head.decode().strip()).decode().split()
    names: dict[str, set[str]] = {oid: set() for oid in oids}
    names[oids[0]] = {path}
    for oid in oids:
        for parent in git(repository, "rev-parse", f"{oid}^@").decode().split():
            names[parent] |= _names_before(repository, parent, oid, names[oid])
    found: dict[str, tuple[str, str]] = {}
    for oid in reversed(oids):
        listing = git(repository, "ls-tree", "-r", "-z", "--name-only", oid).decode("utf-8", "surrogateescape")
        for name in names[oid] & set(listing.split("\0")):
            for payload in payloads(git(repository, "show", f"{oid}:{name}")):
                found[payload] = (found[payload][0] if payload in found else oid, oid)
    return found


def spans(past: Past, path: str) -> dict[str, tuple[str, str]]:
    """Return what `walk` returns, as nbgit finds it."""
    versions = past.versions_of([path])
    past.learn(versions.all_shown())
    documents = {shown.document for shown in versions.all_shown()}
    keys = {document: {figure.digest for figure in figures_of(past.index, document)} for document in documents}
    lineage = versions.lineage_of(past.head, path)
    oids = past.graph.oids
    return {
        digest: (oids[first.position], oids[last.position])
        for (number, digest), (first, last) in versions.spans(keys).items()
        if number == lineage
    }


def _names_before(repository: Path, parent: str, child: str, names: set[str]) -> set[str]:
    fields = git(repository, "diff-tree", "-r", "-M", "-z", "--diff-filter=R", parent, child, "--", "*.ipynb")
    tokens = fields.decode("utf-8", "surrogateescape").split("\0")
    renames = {tokens[at + 2]: tokens[at + 1] for at in range(0, len(tokens) - 1, 3)}
    kept = {name for name in names if name not in renames and name not in renames.values()}
    return kept | {renames[name] for name in names & renames.keys()}


def payloads(content: bytes) -> set[str]:
    """Return the digests of a v3 or v4 notebook's payloads, decoded without any of nbgit's code."""
    try:
        document = json.loads(content)
    except ValueError:
        return set()
    cells = document.get("cells") or [cell for sheet in document.get("worksheets", []) for cell in sheet["cells"]]
    found = set()
    for output in (output for cell in cells for output in cell.get("outputs", [])):
        stream = output.get("text", "") if output["output_type"] != "error" else "\n".join(output["traceback"])
        for mime, value in (output.get("data") or {"text/stream": stream}).items():
            text = "".join(value) if isinstance(value, list) else value
            is_binary = mime.startswith("image/") and "svg" not in mime
            data = b64decode(text) if is_binary else str(text).encode("utf-8", "surrogatepass")
            found.add("sha256:" + sha256(data).hexdigest())
    return found
