"""Fixtures that every test may use: `box`, a fresh repository, and `installed`, the same after `nbgit install`.

Hypothesis has no deadlines here: speed belongs to benchmarks/, and a shared machine may be slow at any moment.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import settings

from tests.gitbox import GitBox

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# Where each of many tests is one case of a table: a third of them is run, all with NBGIT_THOROUGH=1.
TABLES = {
    "e2e/table/test_table.py",
    "e2e/test_add_patch.py",
    "e2e/test_adversity.py",
    "e2e/test_doctor.py",
    "e2e/test_filter_process.py",
    "e2e/test_forget.py",
    "e2e/test_fsck.py",
    "e2e/test_gc.py",
    "e2e/test_git_diff.py",
    "e2e/test_import.py",
    "e2e/test_install.py",
    "e2e/test_merge_ways.py",
    "e2e/test_merged_outputs.py",
    "e2e/test_migrate.py",
    "e2e/test_rebasing.py",
    "e2e/test_refresh.py",
    "e2e/test_resolve.py",
    "e2e/test_restore.py",
    "e2e/test_rewriting.py",
    "e2e/test_scenarios.py",
    "e2e/test_sync.py",
    "e2e/test_terminal_safety.py",
    "e2e/test_uninstall.py",
    "e2e/test_ways.py",
    "contract/test_tricky_cases.py",
}
STARTUP = Path(".ipython", "profile_default", "startup", "00-nbgit.py")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out two of three cases of the long tables, always the same ones, unless one test or all are asked for."""
    if os.environ.get("NBGIT_THOROUGH") or any(".py" in argument for argument in config.args):
        return
    here = Path(__file__).parent
    left_out = [
        item
        for item in items
        if item.path.is_relative_to(here)
        and item.path.relative_to(here).as_posix() in TABLES
        and crc32(item.name.encode()) % 3
    ]
    config.hook.pytest_deselected(items=left_out)
    gone = set(left_out)
    items[:] = [item for item in items if item not in gone]


@pytest.fixture
def box(tmp_path: Path) -> GitBox:
    """Return a fresh repository on branch main in a sealed box."""
    return GitBox(tmp_path)


@pytest.fixture(scope="session")
def installed_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the .git of a repository in which `nbgit install` has run; nothing in it names its place.

    HOME beside it holds the kernels' startup file, which does.
    """
    box = GitBox(tmp_path_factory.mktemp("installed"))
    result = box.nbgit("install")
    assert result.code == 0, result.err
    written = [file.relative_to(box.home) for file in box.home.rglob("*") if file.is_file()]
    assert written == [STARTUP], "install has written to HOME what a copy would lack"
    return box.path / ".git"


@pytest.fixture
def installed(tmp_path: Path, installed_once: Path) -> GitBox:
    """Return a fresh repository in which `nbgit install` has run: a copy, made in a tenth of the time."""
    box = GitBox(tmp_path, init=False)
    shutil.copytree(installed_once, box.path / ".git")
    text = (installed_once.parent.parent / "home" / STARTUP).read_text(encoding="ascii")
    (box.home / STARTUP).parent.mkdir(parents=True)
    here = text.replace(ascii(str(installed_once)), ascii(str(box.path / ".git")))
    (box.home / STARTUP).write_text(here, encoding="ascii")
    return box
