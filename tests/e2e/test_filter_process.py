"""The filter process, by hand: the handshake, clean, smudge, delay, and what is no conversation at all."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.e2e.scene import N, never_ran, run_of
from tests.filter_client import HELLO, MAX_CONTENT, OFFER, FilterClient, content, lines, packet
from tests.gitbox import SOURCE_ROOT, GitBox
from tests.odd import RAN

FIRST, SECOND = run_of("a = 1", run="A"), run_of("a = 1", run="B, and longer")
SOURCE = never_ran("a = 1")


class TestHandshake:
    """What is agreed before any file."""

    def test_only_what_was_offered_is_taken(self, installed: GitBox) -> None:
        with FilterClient(installed, greet=False) as client:
            client.send(HELLO)
            assert client.lines() == ["git-filter-server", "version=2"]
            client.send(lines("capability=smudge", "capability=teleport"))
            assert client.lines() == ["capability=smudge"]
        assert (client.code, client.err, client.rest) == (0, "", b"")

    def test_a_later_git_may_offer_versions_too(self, installed: GitBox) -> None:
        with FilterClient(installed, greet=False) as client:
            client.send(lines("git-filter-client", "version=2", "version=3"))
            assert client.lines() == ["git-filter-server", "version=2"]

    @pytest.mark.parametrize(
        "said",
        [
            b"",
            b"000",
            b"hello",
            b"zzzz",
            b"0002",
            b"ffff",
            lines("git-filter-server", "version=2"),
            lines("git-filter-client", "version=1"),
            packet(b"\xff\xfe\n") + b"0000",
        ],
        ids=["nothing", "cut", "text", "no length", "length 2", "no content", "server", "version 1", "bytes"],
    )
    def test_a_stranger_gets_one_line_and_nothing_on_stdout(self, installed: GitBox, said: bytes) -> None:
        client = FilterClient(installed, greet=False)
        client.send(said)
        client.close()
        assert client.code not in (0, 100, 1)
        assert client.err.startswith("nbgit: ")
        assert client.err.count("\n") == 1
        assert client.rest == b""

    def test_it_ends_when_git_does(self, installed: GitBox) -> None:
        with FilterClient(installed) as client:
            pass
        assert (client.code, client.err, client.rest) == (0, "", b"")


class TestRequests:
    """One file at a time."""

    def test_clean_and_smudge(self, installed: GitBox) -> None:
        with FilterClient(installed) as client:
            assert client.clean(FIRST) == SOURCE
            assert client.smudge(SOURCE) == FIRST
            assert client.clean(SECOND) == SOURCE
            assert client.smudge(SOURCE) == SECOND
            assert client.clean(FIRST) == SOURCE
            assert client.smudge(SOURCE) == FIRST
            assert client.smudge(never_ran("unknown")) == never_ran("unknown")
        assert (client.code, client.err, client.rest) == (0, "", b"")

    def test_a_capture_is_seen_by_another_process_before_the_answer(self, installed: GitBox) -> None:
        with FilterClient(installed) as parent:
            assert parent.clean(FIRST) == SOURCE
            with FilterClient(installed) as child:
                assert child.smudge(SOURCE) == FIRST
                assert child.clean(SECOND) == SOURCE
            assert parent.smudge(SOURCE) == SECOND

    @pytest.mark.parametrize("size", [1, 7, 1000, MAX_CONTENT])
    def test_packets_of_any_size(self, installed: GitBox, size: int) -> None:
        with FilterClient(installed) as client:
            assert client.ask("clean", FIRST, size=size) == SOURCE
            assert client.ask("smudge", SOURCE, size=size) == FIRST

    @pytest.mark.parametrize("length", [0, 1, MAX_CONTENT - 1, MAX_CONTENT, MAX_CONTENT + 1, 17 * MAX_CONTENT])
    def test_content_of_any_length(self, installed: GitBox, length: int) -> None:
        data = b"\0" * length
        with FilterClient(installed) as client:
            assert client.clean(data) == data
            assert client.smudge(data) == data

    def test_keys_that_a_later_git_may_send(self, installed: GitBox) -> None:
        with FilterClient(installed) as client:
            client.clean(FIRST)
            blob = installed.git("hash-object", "--stdin", stdin=SOURCE).strip()
            keys = ("ref=refs/heads/main", "treeish=" + "0" * 40, f"blob={blob}", "planet=x=y", "novalue")
            assert client.smudge(SOURCE, *keys) == FIRST
            assert client.smudge(SOURCE, "treeish=no such commit\x01") == FIRST
            assert client.smudge(SOURCE, "treeish=--all") == FIRST

    def test_one_bad_policy_fails_the_clean_and_not_the_smudge(self, installed: GitBox) -> None:
        with FilterClient(installed) as client:
            client.clean(FIRST)
        installed.write(".nbgit.toml", b"[volatile]\noutputs = 3\n")
        with FilterClient(installed) as client:
            for _ in range(2):
                client.send(lines("command=clean", f"pathname={N}") + content(SECOND))
                assert client.lines() == ["status=error"]
            assert client.smudge(SOURCE) == FIRST
        assert client.code == 0
        assert ".nbgit.toml line 2" in client.err
        assert client.rest == b""

    def test_git_ends_in_the_middle(self, installed: GitBox) -> None:
        whole = lines("command=clean", f"pathname={N}") + content(RAN, 100)
        for cut in (3, 10, 40, len(whole) // 2, len(whole) - 3):
            client = FilterClient(installed)
            client.send(whole[:cut])
            client.close()
            assert (client.code, client.err, client.rest) == (0, "", b""), cut
        with FilterClient(installed) as client:
            assert client.smudge(client.clean(RAN)) == RAN

    @pytest.mark.parametrize("junk", [b"\xff\xff\xff\xff", b"0001", b"-001", b"GET / HTTP/1.1\r\n\r\n"])
    def test_junk_between_files_ends_it_with_one_line(self, installed: GitBox, junk: bytes) -> None:
        client = FilterClient(installed)
        assert client.clean(FIRST) == SOURCE
        client.send(junk)
        client.close()
        assert client.code == 12
        assert client.err.startswith("nbgit: git sent ")
        assert client.err.count("\n") == 1

    def test_git_that_is_killed_leaves_no_complaint(self, installed: GitBox) -> None:
        client = FilterClient(installed)
        assert client.process.stdout is not None
        client.process.stdout.close()
        client.send(lines("command=clean", f"pathname={N}") + content(b"x" * 1_000_000))
        assert client.process.stdin is not None
        client.process.stdin.close()
        assert client.process.stderr is not None
        assert client.process.stderr.read() == b""
        client.process.stderr.close()
        client.process.wait()
        client.code = client.process.returncode
        assert not (installed.path / ".git" / "nbgit" / "nbgit.log").exists()


class TestDelay:
    """Smudging that git lets wait."""

    def request(self, path: str, source: bytes) -> bytes:
        """Return a request that may wait."""
        return lines("command=smudge", f"pathname={path}", "can-delay=1") + content(source)

    def available(self, client: FilterClient) -> list[str]:
        """Return the paths that the process says are ready."""
        client.send(lines("command=list_available_blobs"))
        found = client.lines()
        assert client.lines() == ["status=success"]
        return [line.removeprefix("pathname=") for line in found]

    def fetch(self, client: FilterClient, path: str) -> bytes:
        """Return one file that was delayed: git asks again without content."""
        return client.ask("smudge", b"", path=path)

    def test_every_delayed_file_comes(self, installed: GitBox) -> None:
        runs = {f"dir é/{n}=x.ipynb": run_of(f"cell = {n}", run="A") for n in range(70)}
        got: dict[str, bytes] = {}
        with FilterClient(installed) as client:
            for path, data in runs.items():
                client.clean(data, path=path)
            for n, path in enumerate(runs):
                client.send(self.request(path, never_ran(f"cell = {n}")))
                assert client.lines() == ["status=delayed"]
            while ready := self.available(client):
                for path in ready:
                    got[path] = self.fetch(client, path)
            assert self.available(client) == []
        assert got == runs
        assert (client.code, client.err, client.rest) == (0, "", b"")

    def test_what_may_not_wait_does_not(self, installed: GitBox) -> None:
        with FilterClient(installed) as client:
            client.clean(FIRST)
            assert self.available(client) == []
            client.send(self.request("other.ipynb", SOURCE))
            assert client.lines() == ["status=delayed"]
            assert client.smudge(SOURCE) == FIRST
            assert self.available(client) == ["other.ipynb"]
            assert client.clean(SECOND) == SOURCE
            assert self.fetch(client, "other.ipynb") == FIRST

    def test_files_that_are_no_notebooks_wait_too(self, installed: GitBox) -> None:
        odd = {"empty.ipynb": b"", "text.ipynb": b"x\n", "cut.ipynb": RAN[:50], "large.ipynb": b"\0" * 200_000}
        with FilterClient(installed) as client:
            for path, data in odd.items():
                client.send(self.request(path, data))
                assert client.lines() == ["status=delayed"]
            assert sorted(self.available(client)) == sorted(odd)
            assert {path: self.fetch(client, path) for path in odd} == odd

    def test_git_goes_away_before_it_asks_again(self, installed: GitBox) -> None:
        with FilterClient(installed) as client:
            client.send(self.request(N, SOURCE))
            assert client.lines() == ["status=delayed"]
        assert (client.code, client.err, client.rest) == (0, "", b"")


def test_offers_are_answered_once(installed: GitBox) -> None:
    with FilterClient(installed, greet=False) as client:
        client.send(HELLO + OFFER)
        assert client.lines() == ["git-filter-server", "version=2"]
        assert len(client.lines()) == 3


def test_the_one_shot_commands_do_not_mind_a_reader_that_has_gone(installed: GitBox) -> None:
    main = [sys.executable, "-I", "-S", str(SOURCE_ROOT / "nbgit" / "__main__.py"), "smudge", N]
    pipe = subprocess.PIPE
    process = subprocess.Popen(main, cwd=installed.path, env=installed.environ, stdin=pipe, stdout=pipe, stderr=pipe)
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    process.stdin.write(b"x" * 1_000_000)
    process.stdin.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 0


def test_outside_a_repository_there_is_one_sentence(installed: GitBox) -> None:
    outside = GitBox(installed.root, "outside", init=False)
    client = FilterClient(outside, greet=False)
    client.send(HELLO + OFFER)
    client.close()
    assert client.code == 4
    assert "is not in a git repository" in client.err
