"""Ring 5: the command line. One file a verb, the only importer of click, the one error boundary."""

import errno
import os
import re
import sys
from difflib import get_close_matches
from importlib import import_module
from textwrap import wrap

import click

from nbgit import __version__
from nbgit.errors import NbgitError
from nbgit.notebook.printable import printable

TROUBLES = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE)
COMPLETE = "_NBGIT_COMPLETE"  # set by the shell that asks for completions
# verb -> (module, the line that `nbgit --help` shows): modules load when they are called, so that --help stays quick.
VERBS: dict[str, tuple[str, str]] = {
    "install": ("install", "Set nbgit up for this repository, or for you."),
    "uninstall": ("uninstall", "Remove every trace that install made."),
    "status": ("status", "What is set, and from where; what is stored."),
    "doctor": ("doctor", "Check each piece with a real run, and say how to mend it."),
    "log": ("log", "The lab notebook: what ran, commit by commit."),
    "diff": ("diff", "Compare notebooks cell by cell."),
    "add": ("add", "git add -p by cell: choose what is staged."),
    "stash": ("stash", "stash show: what a stash holds, by cell."),
    "merge": ("merge", "Merge three notebooks by cell, as git merge-file does text."),
    "resolve": ("resolve", "Walk the conflicts of a merge, or settle them."),
    "difftool": ("difftool", "What git difftool -t nbgit starts."),
    "mergetool": ("mergetool", "What git mergetool -t nbgit starts."),
    "blame": ("blame", "Who wrote which line of which cell?"),
    "blame-output": ("blame_output", "What produced this figure?"),
    "reproduce": ("reproduce", "Does the recipe of an output make the same again?"),
    "compare-output": ("compare_output", "What changed between two figures, and in all that made them?"),
    "affected": ("affected", "Which figures, in which commits, rest on this file?"),
    "graph": ("graph", "Where figures and files come from and go, as a graph."),
    "slice": ("slice", "Which cells does a cell's result rest on?"),
    "show": ("show", "Write one output of one commit to a file or the terminal."),
    "capture": ("capture", "Whether what runs in kernels is recorded: on, off."),
    "captures": ("captures", "List outputs that were seen and are in no commit."),
    "restore": ("restore", "Put outputs back into a notebook."),
    "refresh": ("refresh", "Capture what was run; clear git's M of outputs alone."),
    "watch": ("watch", "The same at each save, for editors without a Jupyter server."),
    "forget": ("forget", "Remove an output everywhere: a printed password."),
    "sync": ("sync", "Exchange outputs with a remote: fetch, unite, share."),
    "import": ("import_entries", "Tell in git log what ran in a history that has outputs."),
    "import-history": ("import_history", "Take over what IPython remembers of earlier sessions."),
    "migrate": ("migrate", "Rewrite a history that has outputs, to move them out."),
    "link": ("link", "Link commits that no hook saw to their outputs."),
    "fsck": ("fsck", "Check all that is stored; mend what can be mended."),
    "du": ("du", "What takes how much on disk."),
    "gc": ("gc", "Remove what nobody needs any more."),
    "prune": ("gc", "The same as gc."),
    "demo": ("demo", "The main job on a little notebook of its own."),
}


def nearest(typed: str) -> list[str]:
    """Return the verb that was probably meant, if there is one: it begins like that, or differs little."""
    begun = [verb for verb in VERBS if len(typed) > 1 and verb.startswith(typed)]
    return begun[:1] or get_close_matches(typed, VERBS, 1)


FAR = 8  # columns: what is indented more is no command of its own


class HelpFormatter(click.HelpFormatter):
    """click's, but for examples that are wider than the screen: what one is for goes under it."""

    def write_text(self, text: str) -> None:
        """Write paragraphs, and examples (a block that begins with \\b) as they are, where they fit."""
        mark = "\b\n"
        if not text.startswith(mark):
            super().write_text(text)
            return
        width = self.width - self.current_indent
        blocks = [block.strip("\n").removeprefix(mark) for block in text.split("\n\n")]
        self.write("\n\n".join("\n".join(fold_examples(block, width)) for block in blocks) + "\n")


def fold_examples(block: str, width: int) -> list[str]:
    """Return examples, one a row; where one is too wide, what each of them does (behind two blanks) goes under it."""
    lines = block.splitlines()
    if all(len(line) <= width for line in lines):
        return lines
    rows: list[str] = []
    for line in lines:
        indent = line[: len(line) - len(line.lstrip())]
        command, *words = re.split(r" {2,}", line.strip(), maxsplit=1)
        if len(indent) > FAR:  # more words on the command above it
            indent, command, words = "  ", "", [line.strip()]
        under = f"{indent}    "
        for text, first in ((command, indent), *((part, under) for part in words)):
            rows += wrap(
                text,
                width,
                initial_indent=first,
                subsequent_indent=under,
                break_long_words=False,
                break_on_hyphens=False,
            )
    return rows


click.Context.formatter_class = HelpFormatter


class LazyGroup(click.Group):
    """A click group whose commands are imported when they are first asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs in the order of the table above."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name, or None."""
        if cmd_name not in VERBS:
            return None
        command = import_module(f"nbgit.cli.{VERBS[cmd_name][0]}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the first argument names; one that is misspelled gets the nearest verb told."""
        near = nearest(args[0]) if args and args[0] not in VERBS else []
        if near:
            ctx.fail(f"No such command {args[0]!r}; did you mean {near[0]!r}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the verbs with their one-line help, importing none of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(verb, line) for verb, (_, line) in VERBS.items()])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with `nbgit install` in a repository; then only ordinary git.",
)
@click.version_option(__version__, prog_name="nbgit")
def nbgit() -> None:
    """git and Jupyter notebooks, working together."""


def run_command_line(arguments: list[str] | None = None) -> int:
    """Run nbgit's command line and return the exit code; what is foreseen ends as one sentence on stderr."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["help"]:  # as git has it
        arguments = [*arguments[1:2], "--help"]
    if COMPLETE in os.environ:
        from nbgit.cli.completion import offer_files

        offer_files()
    try:
        result = nbgit.main(args=arguments, prog_name="nbgit", standalone_mode=False)
        return int(result) if isinstance(result, int) else 0
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.exceptions.Abort:
        return 130
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return error.exit_code
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        usage = f"{context.get_usage()}\n" if context is not None else ""
        message = "\n".join(printable(line) for line in error.format_message().split("\n"))
        click.echo(f"{usage}Error: {message}", err=True)
        return error.exit_code
    except NbgitError as error:
        click.echo(f"nbgit: {printable(str(error))}", err=True)
        return error.exit_code
    except BrokenPipeError:
        sys.stderr.close()  # a pager that was quit; nothing more to say, and no traceback at exit
        return 0
    except Exception as error:
        words = _environment_trouble(error)
        if words:
            click.echo(f"nbgit: {printable(words)}", err=True)
            return NbgitError.exit_code
        from nbgit.store.log import log_bug

        where, place = log_bug(error)
        click.echo(f"nbgit: this is a bug in nbgit ({where}); the details are in {place}", err=True)
        return 100


def _environment_trouble(error: Exception) -> str:
    """Return a sentence where not nbgit but the place it works in is the matter, "" otherwise."""
    if not isinstance(error, OSError):
        return ""
    try:
        os.getcwd()
    except OSError:
        return "the directory you are in no longer exists; go to one that does"
    if error.errno not in TROUBLES:
        return ""
    return f"{error.filename or 'a file'} can't be written or read ({error.strerror}); mend that, then try again"
