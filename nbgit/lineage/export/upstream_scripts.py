"""Ring 3: the recipes of the files that an output rests on, each as a script of its own."""

import posixpath
import re

from nbgit.lineage.export.telling import makings, told_path
from nbgit.lineage.origin.script import write_script
from nbgit.lineage.origin.upstream import Made


def upstream_scripts(made: Made) -> dict[str, bytes]:
    """Return name -> Python script of each making below an output, in the order in which they are to be run."""
    found = {}
    below = [one for one in makings(made) if one.run.id != made.run.id]
    for number, one in enumerate(below, 1):
        stem = posixpath.basename(one.place.path or "kernel").removesuffix(".ipynb")
        name = f"recipes/{number:02d}-{re.sub(r'[^A-Za-z0-9_-]+', '_', stem)}.py"
        found[name] = write_script(_header(one), one.recipe.steps if one.recipe else ())
    return found


def _header(made: Made) -> list[str]:
    """Return what a making has written and read, a sentence a line."""
    run = made.run
    steps, among = (len(made.recipe.steps), made.recipe.among) if made.recipe else (0, 0)
    written = ", ".join(told_path(file.path) for file in run.writes) or "nothing that was seen"
    lines = [f"Step [{run.execution_count}] of {made.place.path or 'a kernel'}: it wrote {written}."]
    lines.append(f"{steps} of {among} runs, as recorded, up to {run.id} at {run.started}.")
    lines += [f"Reads {told_path(read.file.path)}." for read in made.inputs if read.file]
    packages = sorted(run.session.packages_at(run.number).items())
    return [*lines, "Packages: " + " ".join(f"{name}=={version}" for name, version in packages)] if packages else lines
