"""docs/ against the code: sections that the code names, links, verbs, exit codes, and what must not go stale."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from nbgit import errors
from nbgit.__main__ import GIT_VERBS
from nbgit.cli import VERBS
from nbgit.notebook.policy import CELL_METADATA, NOTEBOOK_METADATA
from nbgit.setup.heal import HOOKS
from nbgit.store import snapshots
from tests.gitbox import SOURCE_ROOT

DOCS = SOURCE_ROOT / "docs"
NAMES = ("design.md", "editors.md", "formats.md", "lineage.md", "migrating.md", "slicing.md", "tricky_cases.md")
PAGES = {name: (DOCS / name).read_text(encoding="utf-8") for name in NAMES}
NAMED = re.compile(r'docs/(\w+\.md), "([^"]+)"(?: and "([^"]+)")?(?:: ([a-z][a-z ]*[a-z]))?')


def outside_of_fences(text: str) -> str:
    """Return a page without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)


def headings(page: str) -> list[str]:
    """Return the headings of a page, of every level."""
    return re.findall(r"^#+ (.+)$", outside_of_fences(PAGES[page]), re.MULTILINE)


def anchor(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def named_sections() -> Iterator[tuple[str, str, str]]:
    """Yield (file, page, section) for every section of docs/ that code and tests name."""
    for folder in ("nbgit", "hooks", "tests", "benchmarks"):
        for path in sorted((SOURCE_ROOT / folder).rglob("*")):
            if path.suffix not in ("", ".py") or not path.is_file() or path == Path(__file__):
                continue
            text = " ".join(path.read_text(encoding="utf-8").split())
            for page, section, other, part in NAMED.findall(text):
                for name in filter(None, (section, other, part if folder == "nbgit" else "")):
                    yield path.relative_to(SOURCE_ROOT).as_posix(), page, name


def test_every_section_that_code_names_exists() -> None:
    found = [(file, page, name) for file, page, name in named_sections() if page in PAGES]
    assert len(found) > 30
    told = {page: {heading.lower() for heading in headings(page)} for page in PAGES}
    missing = [(file, page, name) for file, page, name in found if name.lower() not in told[page]]
    assert missing == []


@pytest.mark.parametrize("page", PAGES)
def test_every_link_to_a_section_leads_somewhere(page: str) -> None:
    for target, name in re.findall(r"\]\((\w+\.md)?(?:#([\w-]+))?\)", PAGES[page]):
        if not target or target in PAGES:
            anchors = {anchor(heading) for heading in headings(target or page)}
            assert not name or name in anchors, f"{page}: {target}#{name}"


@pytest.mark.parametrize("verb", [*VERBS, *GIT_VERBS])
def test_every_verb_is_named(verb: str) -> None:
    readme = (SOURCE_ROOT / "README.md").read_text(encoding="utf-8")
    everything = " ".join([readme, *PAGES.values()])
    assert re.search(rf"(nbgit |`){re.escape(verb)}\b", everything), f"no page names nbgit {verb}"


def test_the_table_of_exit_codes_is_the_code() -> None:
    kinds: list[type[errors.NbgitError]] = [errors.NbgitError, *errors.NbgitError.__subclasses__()]
    rows = [f"| {kind.exit_code} | {kind.__name__}, `{kind.slug}` |" for kind in kinds]
    table = [line for line in PAGES["design.md"].splitlines() if re.match(r"\| \d+ \| \w+, `", line)]
    assert table == sorted(rows, key=lambda row: int(row.split()[1]))


def test_the_design_says_what_is_volatile() -> None:
    section = PAGES["design.md"].split("\n## What is volatile\n", 1)[1].split("\n## ", 1)[0]
    for name in (*CELL_METADATA, *NOTEBOOK_METADATA):
        assert f"`{name}`" in section


def test_the_design_names_every_module_of_the_core() -> None:
    section = PAGES["design.md"].split("\n## Layers\n", 1)[1].split("\n## ", 1)[0]
    for folder in ("notebook", "store"):
        for path in sorted((SOURCE_ROOT / "nbgit" / folder).glob("*.py")):
            assert path.name == "__init__.py" or f"`{path.name}`" in section, path.name
    for path in sorted((SOURCE_ROOT / "nbgit").iterdir()):
        if path.is_dir() and (path / "__init__.py").exists():
            assert f"`{path.name}/`" in section


def test_the_design_names_every_hook_and_dependency() -> None:
    page = PAGES["design.md"]
    project = (SOURCE_ROOT / "pyproject.toml").read_text(encoding="utf-8")
    listed = project.split("\ndependencies = [", 1)[1].split("]", 1)[0]
    packages = re.findall(r'^  "([a-z0-9]+)', listed, re.MULTILINE)
    table = re.findall(r"^\| ([a-z0-9]+) \| ", page.split("\n## Dependencies\n", 1)[1], re.MULTILINE)
    assert table[1:] == packages  # the first row is the head
    assert all(hook in page for hook in HOOKS)


def test_numbers_that_stand_in_two_places_agree() -> None:
    assert f"Texts under {snapshots.INLINE_LIMIT} bytes" in PAGES["design.md"]


@pytest.mark.parametrize("page", PAGES)
def test_no_page_names_a_place_of_one_machine(page: str) -> None:
    assert re.findall(r"(?<![\w.])/(?:work|home|Users|tmp|root|usr)/\S*", PAGES[page]) == []
