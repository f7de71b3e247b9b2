"""No text file of the project holds what git leaves in a conflict: a tool that refuses markers ships none."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
# A marker alone on its line. Seven signs of equality may underline a heading, so they are not looked for.
MARKER = re.compile(rb"^(<{7}|>{7}|\|{7})( |$)", re.MULTILINE)
# Files whose subject is markers.
ABOUT_MARKERS = ("tests/", "docs/tricky_cases.md")


def test_no_file_holds_markers() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=TOP, capture_output=True, check=True).stdout
    paths = [path for path in listed.decode().split("\0") if path and not path.startswith(ABOUT_MARKERS)]
    assert paths
    assert [path for path in paths if MARKER.search((TOP / path).read_bytes())] == []
