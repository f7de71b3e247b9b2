"""nbgit.store.process: child processes on pipes."""

import sys

import pytest

from nbgit.store.process import FAILED, Child

ECHO = "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read()[::-1]); raise SystemExit(4)"


def test_a_child_reads_writes_and_ends() -> None:
    child = Child([sys.executable, "-c", ECHO])
    child.stdin.write(b"abc")
    child.stdin.close()
    assert child.stdout.read() == b"cba"
    assert child.close() == 4


def test_an_environment_is_the_whole_one() -> None:
    child = Child([sys.executable, "-S", "-c", "import os; print(os.environ.get('ONLY'), end='')"], {"ONLY": "this"})
    assert child.answer() == (0, b"this")


def test_one_that_was_killed_has_failed() -> None:
    assert Child([sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"]).answer()[0] == FAILED


def test_one_that_ended_early_can_still_be_closed() -> None:
    child = Child([sys.executable, "-c", "pass"])
    child.stdout.read()
    child.stdin.write(b"x" * 10)
    assert child.close() == 0


def test_what_is_not_there_is_an_os_error() -> None:
    with pytest.raises(OSError):
        Child(["/nonexistent/program"])
