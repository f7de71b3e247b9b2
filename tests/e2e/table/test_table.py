"""Every operation that may touch a notebook on disk, in every state it may be in, against every other side.

The notebook on disk has just been run again, its source is that of HEAD, and an earlier run ("seen") was captured. Its
state is

- A: its size is another than the index has, and git has not cleaned it;
- B: its size is the same, and git has not cleaned it;
- C: git has cleaned it (`git add`).

A cell of the table says what is on disk afterwards: `mine` (the last run), `seen` (the captured run before it), `base`
(the committed run), `theirs` (the other side's run), or `gone`; then the letter that `git status` has for the file,
where it is not clean (`M+`: the change is staged); and before that `refused`, where the command has to fail. PART
leaves the notebook out. After every cell

- the exit code is the one that plain git has for the same command in a twin: the same sources, committed without nbgit.
  What differs on disk are outputs, which are no part of a source, so the twin's file is unchanged: in C it was added
  again, in B it was only touched (git does not know yet that nothing has changed). In A git takes the file for edited
  because of its size, without asking any filter, so there the twin's file is edited;
- what was on disk can be had again: git, asked for the file of the commit where it was run, gives `mine`. Only where a
  command overwrites by force, without showing the old bytes to a filter (`!`), it gives `seen`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.scene import N, never_ran
from tests.e2e.table.worlds import (
    AS_LONG,
    BASE,
    EDITED,
    LONGER,
    OTHER_SIDE,
    OURS,
    SEEN,
    build,
    copied,
    status_of,
    write_at,
)
from tests.gitbox import GitBox, Result

TABLE = """
from  | command                                       | other side | A              | B            | C
main  | checkout SIDE                                 | differs    | refused mine M | theirs       | theirs
main  | checkout SIDE                                 | identical  | mine M         | mine         | mine
main  | checkout SIDE                                 | deleted    | refused mine M | gone         | gone
main  | switch --detach SIDE                          | differs    | refused mine M | theirs       | theirs
main  | checkout -m SIDE                              | differs    | theirs         | theirs       | theirs
main  | checkout -m SIDE                              | identical  | mine M         | mine         | mine
main  | checkout -f SIDE                              | differs    | !theirs        | !theirs      | theirs
main  | checkout -f SIDE                              | identical  | !seen          | !seen        | mine
main  | checkout -f SIDE                              | deleted    | !gone          | !gone        | gone
main  | reset --hard                                  | identical  | !seen          | !seen        | mine
main  | reset --hard SIDE                             | differs    | !theirs        | !theirs      | theirs
main  | reset --hard SIDE                             | identical  | !seen          | !seen        | mine
main  | reset --hard SIDE                             | deleted    | !gone          | !gone        | gone
main  | reset --keep SIDE                             | differs    | refused mine M | refused mine | theirs
main  | reset --keep SIDE                             | identical  | mine M         | mine         | mine
main  | restore FILE                                  | identical  | !seen          | !seen        | mine
main  | checkout -- FILE                              | identical  | !seen          | !seen        | mine
main  | checkout SIDE -- FILE                         | differs    | !theirs M+     | !theirs M+   | theirs M+
main  | checkout SIDE -- FILE                         | identical  | !seen          | !seen        | mine
main  | restore --source SIDE FILE                    | differs    | !theirs M      | !theirs M    | theirs M
main  | restore --source SIDE FILE                    | deleted    | !gone D        | !gone D      | gone D
main  | stash push                                    | identical  | mine           | mine         | mine
main  | stash push; stash pop                         | identical  | mine           | refused mine | refused mine
main  | merge SIDE                                    | differs    | refused mine M | theirs       | theirs
main  | merge SIDE                                    | identical  | mine M         | mine         | mine
main  | merge SIDE                                    | deleted    | refused mine M | gone         | gone
main  | cherry-pick SIDE                              | differs    | refused mine M | theirs       | theirs
main  | cherry-pick SIDE                              | identical  | mine M         | mine         | mine
main  | cherry-pick SIDE                              | deleted    | refused mine M | gone         | gone
main  | am PATCH                                      | differs    | refused mine M | theirs       | theirs
main  | am PATCH                                      | identical  | mine M         | mine         | mine
main  | am PATCH                                      | deleted    | refused mine M | gone         | gone
apart | merge SIDE                                    | differs    | refused mine   | theirs       | theirs
apart | merge SIDE                                    | identical  | mine M         | mine         | mine
apart | merge SIDE                                    | deleted    | refused mine   | gone         | gone
apart | pull --no-rebase . SIDE                       | differs    | refused mine   | theirs       | theirs
apart | merge --autostash SIDE                        | differs    | theirs         | theirs       | theirs
apart | merge --autostash SIDE                        | identical  | mine           | mine         | mine
apart | rebase SIDE                                   | differs    | refused mine M | theirs       | theirs
apart | rebase SIDE                                   | identical  | refused mine M | mine         | mine
apart | rebase SIDE                                   | deleted    | refused mine M | gone         | gone
apart | rebase --apply SIDE                           | differs    | refused mine M | theirs       | theirs
apart | pull --rebase . SIDE                          | differs    | refused mine M | theirs       | theirs
apart | rebase --autostash SIDE                       | differs    | theirs         | theirs       | theirs
apart | rebase --autostash SIDE                       | identical  | mine           | mine         | mine
apart | revert --no-edit HEAD                         | identical  | mine M         | mine         | mine
main  | sparse-checkout PART                          | identical  | mine M         | mine         | gone
main  | sparse-checkout PART; sparse-checkout disable | identical  | mine M         | mine         | mine
main  | rm FILE                                       | identical  | refused mine M | gone D+      | gone D+
main  | rm -f FILE                                    | identical  | !gone D+       | gone D+      | gone D+
main  | worktree add ../there SIDE                    | differs    | mine M         | mine         | mine
main  | worktree add ../there SIDE                    | identical  | mine M         | mine         | mine
"""

ROWS = [[field.strip() for field in line.split("|")] for line in TABLE.strip("\n").splitlines()[1:]]
CELLS = [
    pytest.param(row[0], row[1], row[2], state, outcome, id=f"{row[1]} ({row[0]}, {row[2]}) {state}")
    for row in ROWS
    for state, outcome in zip("ABC", row[3:], strict=True)
]


@pytest.fixture(scope="session")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> tuple[GitBox, GitBox]:
    """Return the worlds that the tests of this process copy: with nbgit, and plain."""
    root = tmp_path_factory.mktemp("worlds")
    return build(root / "nbgit", plain=False), build(root / "plain", plain=True)


def run_all(box: GitBox, commands: str, side: str) -> Result:
    """Run git commands, each whatever the one before said; return the last one's result."""
    words = {"SIDE": side, "FILE": N, "PATCH": f"../{side}.patch", "PART": "set --no-cone /x*"}
    filled = [" ".join(words.get(word, word) for word in command.split()) for command in commands.split("; ")]
    return [box.try_git(*command.split()) for command in filled][-1]


def begin(box: GitBox, branch: str, on_disk: bytes, state: str) -> None:
    """Bring a world to where the command starts: this on disk, in this state."""
    box.git("checkout", "-q", branch)
    write_at(box, on_disk, 4)
    if state == "C":
        box.git("add", N)


@pytest.mark.parametrize(("branch", "commands", "side", "state", "outcome"), CELLS)
def test_outputs_on_disk(
    worlds: tuple[GitBox, GitBox], tmp_path: Path, branch: str, commands: str, side: str, state: str, outcome: str
) -> None:
    box, twin = (copied(world, tmp_path / world.root.name) for world in worlds)
    unseen, outcome = outcome.startswith("!"), outcome.lstrip("!")
    mine = AS_LONG if state == "B" else LONGER
    begin(box, branch, mine, state)
    begin(twin, branch, EDITED if state == "A" else never_ran(*OURS), state)
    start = box.git("rev-parse", "HEAD").strip()
    result = run_all(box, commands, side)
    files = {mine: "mine", SEEN: "seen", BASE: "base", OTHER_SIDE: "theirs"}
    on_disk = files.get(box.read(N), "something else") if (box.path / N).exists() else "gone"
    said = f"{'refused ' if result.code else ''}{on_disk} {status_of(box)}".strip()
    assert (said, result.code) == (outcome, run_all(twin, commands, side).code), result
    if on_disk != "mine":
        again = box.git_bytes("cat-file", "--filters", f"--path={N}", f"{start}:{N}")
        assert again == (SEEN if unseen else mine)
    assert never_ran(*OURS) == box.git_bytes("cat-file", "blob", f"{start}:{N}")
