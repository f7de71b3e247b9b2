"""What is taken out of addresses and command lines."""

from __future__ import annotations

import pytest

from nbgit.kernel.redact import TEXT_LIMIT, redact_command, redact_url


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://host/a.csv", "https://host/a.csv"),
        ("https://me:word@host:8443/a.csv", "https://host:8443/a.csv"),
        ("https://token@host/a@b?X-Amz-Signature=1&b=2#top", "https://host/a@b?[...]"),
        ("https://host?q", "https://host?[...]"),
        ("s3://bucket/key", "s3://bucket/key"),
        ("file.csv", "file.csv"),
    ],
)
def test_addresses(url: str, told: str) -> None:
    assert redact_url(url) == told


def test_a_long_address_is_cut() -> None:
    assert len(redact_url("https://host/" + "x" * 9000)) == TEXT_LIMIT


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("ls -l data", "ls -l data"),
        (["git", "commit", "-m", "two words"], "git commit -m 'two words'"),
        ("tool --password hush -v", "tool --password [...] -v"),
        ("tool --api-key=hush -v", "tool --api-key=[...] -v"),
        (["tool", "--access_token", "hu sh"], "tool --access_token [...]"),
        ("curl -u me:hush https://a:hush@host/x?k=hush", "curl -u [...] https://host/x?[...]"),
        ("curl -H 'Authorization: Bearer hush' x", "curl -H 'Authorization: Bearer [...]' x"),
        ("DB_PASSWORD='hush hush' run", "DB_PASSWORD=[...] run"),
        (b"make \xff", "make \N{REPLACEMENT CHARACTER}"),
        ("python train.py --passes 3", "python train.py --passes 3"),
    ],
)
def test_commands(command: object, told: str) -> None:
    assert redact_command(command) == told
