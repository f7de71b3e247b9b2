"""The walk over the graph against brute force: random histories, and the real ones of the corpus."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest

from nbgit.lineage.history.index import with_index
from nbgit.lineage.history.past import Past
from nbgit.store.repository import find_repository
from tests.gitbox import GitBox
from tests.unit.lineage.brute import corpus_bundle, one_figure, spans, unbundle, walk

NAMES = ["a.ipynb", "b.ipynb", "sub/c d.ipynb", "é.ipynb"]


def assert_every_notebook_like_brute_force(repository_path: Path, paths: list[str]) -> int:
    """Check all payloads that the notebooks of HEAD ever showed; return how many there were."""
    repository = find_repository(str(repository_path), {})
    found = with_index(repository, lambda index: {path: spans(Past(repository, index), path) for path in paths})
    for path in paths:
        assert found[path] == walk(repository_path, path), path
    return sum(len(payloads) for payloads in found.values())


@pytest.mark.parametrize("seed", range(6))
def test_random_histories(box: GitBox, seed: int) -> None:
    dice = random.Random(seed)
    box.write(NAMES[0], one_figure("start"))
    box.commit("start")
    branches = ["main"]
    for step in range(22):
        branch = dice.choice(branches)
        box.git("checkout", "-q", "-f", branch)
        present = [name for name in NAMES if (box.path / name).exists()]
        deed = dice.choice(["run", "run", "add", "rename", "delete", "branch", "merge", "merge"])
        if deed == "branch":
            branches.append(f"b{step}")
            box.git("branch", branches[-1])
        elif deed == "merge":
            other = dice.choice(branches)
            strategy = dice.choice([["-s", "ours"], ["-X", "theirs"], ["-X", "ours"]])
            box.minutes += 1
            if box.try_git("merge", "-q", "--no-ff", "-m", f"merge {other}", *strategy, other).code:
                box.git("checkout", "-q", "-f", branch)
        elif deed == "rename" and present:
            name = dice.choice(present)
            target = dice.choice(NAMES)
            (box.path / target).parent.mkdir(exist_ok=True)
            box.try_git("mv", "-f", name, target)
            if dice.random() < 0.5 and (box.path / target).exists():
                box.write(target, one_figure(f"figure {dice.randrange(5)}"))
            box.commit(f"rename {step}")
        elif deed == "delete" and present:
            box.git("rm", "-q", "-f", dice.choice(present))
            box.commit(f"delete {step}")
        else:
            box.write(
                dice.choice(present or NAMES) if deed == "run" else dice.choice(NAMES),
                one_figure(f"figure {dice.randrange(5)}", f"plot({dice.randrange(3)})"),
            )
            box.commit(f"{deed} {step}")
    box.git("reset", "-q", "--hard")
    for branch in branches:
        box.git("checkout", "-q", "-f", branch)
        paths = box.git("ls-files", "-z", "*.ipynb").split("\0")[:-1]
        assert_every_notebook_like_brute_force(box.path, paths)


@pytest.mark.corpus
@pytest.mark.parametrize(("bundle", "payloads"), [("pdsh-visualization", 900), ("numpy-100", 0)])
def test_corpus_like_brute_force(tmp_path: Path, bundle: str, payloads: int) -> None:
    source = corpus_bundle(bundle)
    place = unbundle(source, tmp_path / bundle)
    listing = subprocess.run(["git", "ls-files", "-z", "*.ipynb"], cwd=place, check=True, capture_output=True).stdout
    assert assert_every_notebook_like_brute_force(place, listing.decode().split("\0")[:-1]) >= payloads


def test_a_deepened_clone_is_read_again(box: GitBox, tmp_path: Path) -> None:
    for text in ("one", "two", "three"):
        box.write("a.ipynb", one_figure(text))
        box.write("b.ipynb", one_figure("b"))
        box.commit(text)
    shallow = tmp_path / "shallow"
    box.git("clone", "-q", "--depth", "2", f"file://{box.path}", str(shallow))
    repository = find_repository(str(shallow), {})
    before = with_index(repository, lambda index: spans(Past(repository, index), "b.ipynb"))
    box.git("fetch", "-q", "--unshallow", cwd=shallow)
    after = with_index(repository, lambda index: spans(Past(repository, index), "b.ipynb"))
    oids = box.git("rev-list", "--reverse", "HEAD").split()
    assert {first for first, _ in before.values()} == {oids[1]}
    assert {first for first, _ in after.values()} == {oids[0]}
