"""Ring 3: which words of a changed line changed, and which older line a newer one was (docs/design.md, "Diff")."""

from nbgit.diff.lines import match

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    Span = tuple[int, int]
    Pair = tuple[int | None, int | None]

ALIKE = 0.35  # share of the letters that two lines need in common for their words to be compared
PAIRED = 0.4  # the same for two lines that do not stand in the same place
LONGEST = 5_000  # characters; of a longer line only what both sides begin and end with is compared
MOST_PAIRS = 2_500  # comparisons of lines with lines in one hunk


def tokens(text: str) -> list[str]:
    """Return the words of `text` (with a number's point), runs of blanks, and each other character by itself.

    By hand: a regular expression would be quicker only after the 5 ms that `re` takes to import.
    """
    found: list[str] = []
    kind = ""
    for at, letter in enumerate(text):
        is_point = letter == "." and text[at - 1 : at].isdigit() and text[at + 1 : at + 2].isdigit()
        is_word = letter.isalnum() or letter == "_" or is_point
        now = "word" if is_word else "blank" if letter.isspace() else ""
        if now and now == kind:
            found[-1] += letter
        else:
            found.append(letter)
        kind = now
    return found


def word_edits(before: str, after: str) -> "tuple[list[Span], list[Span]]":
    """Return the stretches (start, end) of each line that the other has not; none where the lines are too unlike."""
    if max(len(before), len(after)) > LONGEST:
        return _middle(before, after)
    old, new = tokens(before), tokens(after)
    a_starts, b_starts = _starts(old), _starts(new)
    a_spans, b_spans, same = [], [], 0
    a_at = b_at = 0
    for a_start, b_start, length in [*match(old, new).blocks, (len(old), len(new), 0)]:
        if a_start > a_at:
            a_spans.append((a_starts[a_at], a_starts[a_start]))
        if b_start > b_at:
            b_spans.append((b_starts[b_at], b_starts[b_start]))
        same += sum(len(token) for token in old[a_start : a_start + length] if not token.isspace())
        a_at, b_at = a_start + length, b_start + length
    letters = sum(len(token) for token in [*old, *new] if not token.isspace())
    if 2 * same < ALIKE * letters:
        return [], []
    return _joined(a_spans, before), _joined(b_spans, after)


def pair_lines(before: "Sequence[str]", after: "Sequence[str]") -> "list[Pair]":
    """Return the lines of a hunk in order, as (index in before, index in after), None where there is no counterpart."""
    olds, news = len(before), len(after)
    if olds == news or not olds or not news or olds * news > MOST_PAIRS:
        short = min(olds, news)
        pairs: list[Pair] = [(at, at) for at in range(short)]
        return [*pairs, *((at, None) for at in range(short, olds)), *((None, at) for at in range(short, news))]
    return _filled(_heaviest([_words(line) for line in before], [_words(line) for line in after]), olds, news)


def _words(line: str) -> frozenset[str]:
    return frozenset(token for token in tokens(line[:LONGEST]) if not token.isspace())


def _heaviest(old: "list[frozenset[str]]", new: "list[frozenset[str]]") -> "list[Span]":
    """Return the pairs, in order on both sides, whose likeness has the largest sum (by dynamic programming)."""
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for a in range(len(old) - 1, -1, -1):
        for b in range(len(new) - 1, -1, -1):
            best[a][b] = max(best[a + 1][b], best[a][b + 1], best[a + 1][b + 1] + _likeness(old[a], new[b]))
    pairs = []
    a = b = 0
    while a < len(old) and b < len(new):
        likeness = _likeness(old[a], new[b])
        if likeness and best[a][b] == best[a + 1][b + 1] + likeness:
            pairs.append((a, b))
            a, b = a + 1, b + 1
        elif best[a][b] == best[a + 1][b]:
            a += 1
        else:
            b += 1
    return pairs


def _likeness(old: frozenset[str], new: frozenset[str]) -> float:
    share = 2 * len(old & new) / (len(old) + len(new)) if old and new else 0.0
    return share if share >= PAIRED else 0.0


def _filled(pairs: "list[Span]", olds: int, news: int) -> "list[Pair]":
    found: list[Pair] = []
    a_at = b_at = 0
    for a, b in [*pairs, (olds, news)]:
        found += [(at, None) for at in range(a_at, a)]
        found += [(None, at) for at in range(b_at, b)]
        if a < olds:
            found.append((a, b))
        a_at, b_at = a + 1, b + 1
    return found


def _middle(before: str, after: str) -> "tuple[list[Span], list[Span]]":
    """Return what is left of two long lines without what both begin and end with."""
    short = min(len(before), len(after))
    start = next((at for at in range(short) if before[at] != after[at]), short)
    end = next((at for at in range(short - start) if before[-1 - at] != after[-1 - at]), short - start)
    spans = [(start, len(line) - end) for line in (before, after)]
    if 2 * (start + end) < ALIKE * (len(before) + len(after)):
        return [], []
    return [spans[0]] * (spans[0][0] < spans[0][1]), [spans[1]] * (spans[1][0] < spans[1][1])


def _starts(tokens: list[str]) -> list[int]:
    """Return where each token begins in its line, and where the last one ends."""
    starts = [0]
    for token in tokens:
        starts.append(starts[-1] + len(token))
    return starts


def _joined(spans: "list[Span]", line: str) -> "list[Span]":
    """Return the stretches with those joined that only blanks part."""
    found: list[Span] = []
    for start, end in spans:
        if found and not line[found[-1][1] : start].strip():
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found
