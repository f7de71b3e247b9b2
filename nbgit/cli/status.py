"""`nbgit status`: one screen of what is set, from where, and what is stored."""

import os
from typing import Any

import click

from nbgit.cli.sizes import many, size_text
from nbgit.cli.terminal import print_json
from nbgit.setup.launch import this_launcher
from nbgit.setup.report import gather

EPILOG = """\b
Examples:
  nbgit status           what is set here
  nbgit status --json    the same for programs (nbgit/schemas/status.v1.schema.json)
  nbgit status --outputs [PATH...]
                         which outputs are stale, and why
  nbgit status --quiet   only the exit code: 0 where nbgit is installed, 1 where not
"""
HOOK_WORDS = {
    "ours": "",
    "chained": "with yours behind",
    "nested": "through pre-commit",
    "stale": "of another installation",
    "foreign": "not nbgit's",
    "missing": "missing",
}


@click.command(epilog=EPILOG)
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--outputs", is_flag=True, help="Tell of each output whether it is fresh, stale, or out of order.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole status as JSON.")
@click.option("--quiet", is_flag=True, help="Print nothing; the exit code is the answer.")
def command(paths: tuple[str, ...], outputs: bool, as_json: bool, quiet: bool) -> int:
    """Show what nbgit has set here, from where, and what it stores.

    Exits with 0 where nbgit is installed and with 1 where it isn't.

    With --outputs: of each cell of the notebooks in the working tree (at or below PATH) whether what it shows is what
    its code, the files it read, and the packages would make now. Exits with 0.
    """
    if outputs and quiet:
        raise click.UsageError("--quiet says whether nbgit is installed; it does not go with --outputs")
    if paths and not outputs:
        raise click.UsageError("a PATH goes with --outputs")
    if outputs:
        return _tell_outputs(paths, as_json=as_json)
    document: dict[str, Any] = gather(os.getcwd(), this_launcher())
    if as_json:
        print_json(document)
    elif not quiet:
        _print(document)
    return 0 if document["installed"] else 1


def _tell_outputs(paths: tuple[str, ...], *, as_json: bool) -> int:
    from nbgit.cli import status_outputs  # here: what is set is told without lineage

    notebooks = status_outputs.look_at_outputs(paths)
    if as_json:
        print_json({**gather(os.getcwd(), this_launcher()), "outputs": status_outputs.as_json(notebooks)})
    else:
        status_outputs.show(notebooks)
    return 0


def _print(document: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    installed = document["installed"]
    scope = document["scope"]
    if installed:
        headline = Text.assemble(("nbgit is installed", "bold green"), f" ({scope} scope)")
    else:
        headline = Text.assemble(("nbgit is not installed here", "bold red"), _remedy(document))
    console.print(headline)
    for name, text, good in _rows(document):
        console.print(Text.assemble((f"{name:<10}  ", "dim"), (text, "" if good else "yellow")))


def _remedy(document: dict[str, Any]) -> str:
    if document["repository"]:
        return ": run `nbgit install`"
    return ", outside of a repository: run `nbgit install` inside one, or `nbgit install --global`"


def _rows(document: dict[str, Any]) -> list[tuple[str, str, bool]]:
    """Return (name, text, whether all is well) for each line of the screen."""
    nbgit, git = document["nbgit"], document["git"]
    rows = [("nbgit", f"{nbgit['version']}, git {git['version']}, started by {nbgit['interpreter']}", True)]
    if document["repository"]:
        place = document["repository"]
        branch = f"branch {place['branch']}" if place["branch"] else "no branch"
        rows.append(("repository", f"{place['worktree'] or place['git_dir']}, {branch}", True))
    rows += _config_rows(document)
    if document["attributes"]:
        rows += [_attributes_row(document["attributes"], document), _hooks_row(document["hooks"])]
        rows.append(("store", _store_text(document["store"]), True))
        if bare := document["store"]["bare"]:
            rows.append(("notebooks", f"{bare} on disk came without outputs: `nbgit install` puts them back", False))
        rows += [_remote_row(remote) for remote in document["remotes"]]
        rows.append(_runs_row(document["runs"], document))
    rows += [
        ("rival", f"{rival['tool']} ({', '.join(rival['drivers'])}) in {_short(rival['place'], document)}", False)
        for rival in document["rivals"]
    ]
    return rows


def _config_rows(document: dict[str, Any]) -> list[tuple[str, str, bool]]:
    files: dict[tuple[str, str], list[str]] = {}
    troubled = []
    for setting in document["config"]:
        if setting["state"] != "missing":
            files.setdefault((setting["scope"], setting["file"]), []).append(setting["key"])
        if setting["state"] not in ("right", "missing"):
            word = "of another installation" if setting["state"] == "other" else "not nbgit's"
            troubled.append(("", f"{setting['key']} is {word}", False))
    total = len(document["config"])
    rows = [
        ("config", f"{len(keys)} of {total} keys in {_short(file, document)} ({scope})", len(keys) == total)
        for (scope, file), keys in files.items()
    ]
    return [*(rows or [("config", "no key of nbgit's is set", False)]), *troubled]


def _attributes_row(found: dict[str, Any], document: dict[str, Any]) -> tuple[str, str, bool]:
    winning = " ".join(f"{name}={value}" for name, value in found["winning"].items())
    files = ", ".join(_short(one["file"], document) for one in found["files"]) or "no file of nbgit's"
    if set(found["winning"].values()) == {"unspecified"}:
        return "attributes", "none for *.ipynb: git takes notebooks for text", False
    text = f"*.ipynb {winning}, from {files}; {found['filtered']} of {many(found['notebooks'], 'tracked notebook')}"
    astray = sorted(set(found["astray"].values()))
    if astray:
        text += f"; other attributes win for {astray[0]}"
    return "attributes", text, not astray and set(found["winning"].values()) == {"nbgit"}


def _hooks_row(found: dict[str, Any]) -> tuple[str, str, bool]:
    if found["core_hooks_path"]:
        return "hooks", f"core.hooksPath sends git to {found['core_hooks_path']}: see `nbgit doctor`", False
    groups: dict[str, list[str]] = {}
    for name, state in found["states"].items():
        groups.setdefault(HOOK_WORDS[state], []).append(name)
    parts = [f"{', '.join(names)}{f' ({word})' if word else ''}" for word, names in groups.items()]
    return "hooks", "; ".join(parts), not {"missing", "foreign", "stale"} & set(found["states"].values())


def _store_text(store: dict[str, Any]) -> str:
    shown = size_text(store["capture_bytes"])
    captures = many(store["captures"], "capture") + (f" ({shown})" if store["captures"] else "")
    return f"{many(store['snapshots'], 'snapshot')}, {many(store['entries'], 'entry', 'entries')}, {captures}"


def _runs_row(found: dict[str, Any], document: dict[str, Any]) -> tuple[str, str, bool]:
    stored = f"; {many(found['sessions'], 'session')} ({size_text(found['bytes'])})" if found["sessions"] else ""
    if not found["wanted"]:
        return "runs", f"not recorded here (nbgit.runs is false){stored}", True
    words = {"right": "recorded", "other": "recorded by another installation", "missing": "not recorded"}
    good = found["state"] in words
    return (
        "runs",
        f"{words.get(found['state'], 'not recorded')}: {_short(found['file'], document)}"
        + (f" is {found['state']}" if found["state"] not in ("right", "other") else "")
        + stored,
        good,
    )


def _remote_row(remote: dict[str, Any]) -> tuple[str, str, bool]:
    if not remote["sync"]:
        return "remote", f"{remote['name']}: outputs stay here (nbgit.sync is false)", True
    parts = ["outputs are fetched when they are shown"] if remote["lazy"] else []
    if remote["unshared"]:
        number = many(remote["unshared"], "pushed commit")
        return "remote", f"{remote['name']}: lacks the outputs of {number}; run `nbgit sync`", False
    if remote["unpushed"]:
        parts.append(f"outputs of {many(remote['unpushed'], 'commit')} go with the next push")
    return "remote", f"{remote['name']}: {'; '.join(parts) or 'has the outputs of all commits'}", True


def _short(path: str, document: dict[str, Any]) -> str:
    top = (document["repository"] or {}).get("worktree") or ""
    home = os.path.expanduser("~")
    if top and path.startswith(os.path.join(top, "")):
        return os.path.relpath(path, top)
    return path.replace(home, "~", 1) if path.startswith(os.path.join(home, "")) else path
