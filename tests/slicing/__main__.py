"""`python -m tests.slicing [PART OF A NAME]`: the truth by all subsets, and how both kinds of slice compare with it."""

from __future__ import annotations

import sys
import time

from tests.slicing.harness import Truth, Verdict, judge, read_cases


def main(wanted: str, quick: bool) -> int:
    """Print a line for each case that is not both sound and minimal, and the sums; return 1 where one is not sound."""
    truth, started = Truth(), time.monotonic()
    verdicts: list[Verdict] = []
    small = {"static": 0, "recorded": 0}
    for case in read_cases():
        if wanted not in case.name:
            continue
        results = truth.of(case)
        sets = [] if quick else results.smallest()
        for verdict in judge(results):
            verdicts.append(verdict)
            union = {one for kept in sets for one in kept}
            is_small = verdict.is_sound and (not verdict.superfluous if quick else set(verdict.kept) <= union)
            small[verdict.kind] += is_small
            if not is_small:
                words = "extra " + str(verdict.superfluous) if verdict.is_sound else "NOT SOUND"
                print(f"{case.name} [{verdict.kind}]: {words}, kept {verdict.kept}, smallest {sets}", flush=True)
    truth.close()
    for kind, minimal in small.items():
        mine = [one for one in verdicts if one.kind == kind]
        sound = sum(one.is_sound for one in mine)
        print(f"{kind}: {len(mine)} cases, {sound} sound, {minimal} minimal")
    print(f"{truth.runs} subsets run, {time.monotonic() - started:.0f} s")
    return int(not all(one.is_sound for one in verdicts))


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != "--quick"]
    sys.exit(main(" ".join(words), "--quick" in sys.argv))
