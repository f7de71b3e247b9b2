"""Ring 5: conflicts walked on a terminal, one by one."""

import click

from nbgit.cli.answers import ask
from nbgit.cli.editor import edit_text
from nbgit.cli.resolve_files import Marked, write_resolved
from nbgit.cli.resolve_text import conflict_lines
from nbgit.cli.terminal import print_lines
from nbgit.merge.marked import Found, stray_markers
from nbgit.merge.resolve import BOTH, OURS, THEIRS, Decision
from nbgit.notebook.text import visible
from nbgit.store.repository import Repository

EDIT, SKIP, QUIT = "edit", "skip", "quit"
HELP = """\
o - take our side
t - take their side
b - take our lines, then theirs
e - edit it in your editor
s - leave it as it is
q - leave this one and all that follow; what was decided is written"""


def walk(marked: Marked, repository: Repository | None) -> Marked:
    """Ask about each conflict of a notebook, write what was decided, and return the notebook as it is then."""
    decisions: dict[int, Decision] = {}
    for conflict in marked.conflicts:
        print_lines([[(f"{visible(marked.path)}, {conflict.number} of {len(marked.conflicts)}", "bold")]])
        print_lines(conflict_lines(conflict))
        decision = _ask(conflict)
        if decision == QUIT:
            break
        if decision != SKIP:
            decisions[conflict.number] = decision
    return write_resolved(marked, decisions, repository)


def _ask(conflict: Found) -> Decision:
    both = {"b": BOTH} if conflict.takes_both else {}
    answers = {"o": OURS, "t": THEIRS, **both, "e": EDIT, "s": SKIP, "q": QUIT}
    while True:
        typed = ask(f"Take [{','.join(answers)},?]")
        if typed is None:
            raise click.Abort
        answer = answers.get(typed[:1].lower())
        if answer is None:
            click.echo("\n".join(line for line in HELP.split("\n") if line[0] in answers))
            continue
        if answer != EDIT:
            return answer
        edited = _edit(conflict)
        if edited is not None:
            return edited


def _edit(conflict: Found) -> list[str] | None:
    """Return the lines that a person has made of the conflict, or None where it was left as it is."""
    region = conflict.region
    lines = conflict.cell.source.split("\n")[region.start : region.end]
    text = edit_text("\n".join(lines), conflict.cell.kind)
    if text is None:
        click.echo("It was not changed.")
        return None
    edited = text.split("\n") if text.strip("\n") else []
    if stray_markers(edited):
        click.echo("There are markers left in it: take them out, or choose a side.")
        return None
    return edited
