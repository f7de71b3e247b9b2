"""What git runs in nbgit's place where the interpreter is gone: plain sh, in the configuration itself.

A virtual environment is removed more often than the configuration that names it. git would then delete the file it
checks out (the filter is required), end every diff and every log. So each command asks first whether there is an nbgit
to start: the one that was installed, or another on PATH. Without one a checkout gives sources, diffs are plain, and
only what would put outputs into the history is refused.
"""

from nbgit.setup.launch import Launcher, quote_double

TEXT = "# notebook "  # what readable text begins with (docs/formats.md)
# What sed replaces, in octal for printf: control characters, bidirectional overrides, separators.
STEERING = "".join(
    f"s/{pattern}/?/g;"
    for pattern in (r"[\001-\010\013-\037\177]", r"\302[\200-\237]", r"\342\200[\250-\256]", r"\342\201[\246-\251]")
)
ADVICE = "install nbgit again, then run 'nbgit install'"

# git's filter protocol (gitattributes(5)): `r` reads a packet's length into n (-4 for a flush) and ends with the
# stream; `l` reads text lines into k up to a flush; `p` writes one. dd, because it alone never reads too far.
# A clean is answered where git has just these bytes as a blob: they can't put anything new into the history. What comes
# without outputs is noted (store/bare.py).
PROTOCOL = """
d=$(mktemp -d) || exit 1
trap 'rm -rf "$d"' 0
b=$(git rev-parse --git-common-dir)/nbgit
mkdir -p "$b" 2>/dev/null
p() { printf '%04x%s\\n' $((${#1} + 5)) "$1"; }
r() { h=$(dd bs=1 count=4 2>/dev/null); test ${#h} -eq 4 || exit 0; n=$((0x$h - 4)); }
l() { k=; while r; test $n -ge 0; do k="$k$(dd bs=1 count=$n 2>/dev/null),"; done; }
l
p git-filter-server
p version=2
printf 0000
l
p capability=clean
p capability=smudge
printf 0000
while l; do
: >"$d/all"
: >"$d/raw"
while r; test $n -ge 0; do dd bs=1 count=$n of="$d/one" 2>/dev/null; printf %s $h >>"$d/all"; \
cat "$d/one" >>"$d/all"; cat "$d/one" >>"$d/raw"; done
case $k in command=smudge*) o=0; { git hash-object --stdin <"$d/raw" >>"$b/bare"; } 2>/dev/null;; \
*) git cat-file -e "$(git hash-object --stdin <"$d/raw")" 2>/dev/null; o=$?;; esac
if test $o -eq 0; then p status=success; printf 0000; cat "$d/all"; printf 00000000; \
else p status=error; printf 0000; fi
done
"""


def filter_process_command(launcher: Launcher) -> str:
    """Return the value of `filter.nbgit.process`."""
    lines = [line for line in PROTOCOL.replace("\\\n", "").split("\n") if line]
    script = "; ".join(lines).replace("do; ", "do ")
    lost = "notebooks come without their outputs, and changed ones can't be added"
    return _guarded(launcher, launcher.command("filter-process"), "filter-process", f"{_say(lost)}; {script}")


def clean_command(launcher: Launcher) -> str:
    """Return the value of `filter.nbgit.clean`, in which git expands `%f`."""
    without = f"{_say('notebooks can not be added')}; exit 1"
    return _guarded(launcher, launcher.expanding_command("clean", "%f"), "clean %f", without, expands=True)


def smudge_command(launcher: Launcher) -> str:
    """Return the value of `filter.nbgit.smudge`, in which git expands `%f`."""
    without = f"{_say('notebooks come without their outputs')}; exec cat"
    return _guarded(launcher, launcher.expanding_command("smudge", "%f"), "smudge %f", without, expands=True)


def diff_driver_command(launcher: Launcher) -> str:
    """Return the value of `diff.nbgit.command`: without nbgit git's own diff of the two files."""
    plain = 'test $# -lt 7 || git diff --no-index --no-ext-diff --no-textconv -- "$2" "$5"; exit 0'
    without = f"{_say('this is a plain diff')}; {plain}"
    started = launcher.command("diff-driver", '"$@"')
    guarded = _guarded(launcher, started, 'diff-driver "$@"', without)
    return f"f() {{ {guarded}; }}; f"


def textconv_command(launcher: Launcher) -> str:
    """Return the value of `diff.nbgit.textconv`: without nbgit the file as it is, and no word, since git asks once for
    each version of each file. What the filter process has made a text of already (nbgit.gitproto.texts) needs no nbgit;
    a file that only begins so loses what a terminal would act on.
    """
    started = launcher.command("textconv", '"$@"')
    guarded = _guarded(launcher, started, 'textconv "$@"', 'exec cat "$@"')
    safe = f's=$(printf "{STEERING}"); LC_ALL=C; export LC_ALL; exec sed "$s" "$1"'
    ready = f'read -r l <"$1"; case "$l" in "{TEXT}"*) {safe};; esac'
    return f"f() {{ {ready}; {guarded}; }}; f"


def difftool_command(launcher: Launcher) -> str:
    """Return the value of `difftool.nbgit.cmd`, which sh evaluates: without nbgit git's own diff."""
    plain = 'git diff --no-index --no-ext-diff --no-textconv -- "$LOCAL" "$REMOTE"; true'
    verb = 'difftool "$LOCAL" "$REMOTE" "$MERGED"'
    return _guarded(launcher, launcher.full_command(verb), verb, f"{_say('this is a plain diff')}; {plain}")


def mergetool_command(launcher: Launcher) -> str:
    """Return the value of `mergetool.nbgit.cmd`, which sh evaluates: without nbgit it fails, and changes nothing."""
    verb = 'mergetool "$BASE" "$LOCAL" "$REMOTE" "$MERGED"'
    return _guarded(launcher, launcher.full_command(verb), verb, f"{_say('nothing was merged')}; exit 1")


def _guarded(launcher: Launcher, started: str, verb: str, without: str, *, expands: bool = False) -> str:
    paths = (launcher.python, launcher.main)
    python, main = (quote_double(text.replace("%", "%%") if expands else text) for text in paths)
    return (
        f"if test -x {python} && test -f {main}; then exec {started}; fi; "
        f"if command -v nbgit >/dev/null 2>&1; then exec nbgit {verb}; fi; {without}"
    )


def _say(lost: str) -> str:
    return f'echo "nbgit: it is not where it was installed: {lost}; {ADVICE}" >&2'
