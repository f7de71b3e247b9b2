"""Apart: what may stand in a record of an address or a command line, and what is taken out of it."""

import re

TEXT_LIMIT = 1000  # characters of an address or a command
HIDDEN = "[...]"
_WORD = (
    r"(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[-_]?key|access[-_]?key|auth(?:orization)?|credential)s?(?![a-z])"
)
_VALUE = r"(?:\"[^\"]*\"|'[^']*'|[^\s'\"]+)"
_NAMED = re.compile(rf"(?i)((?<![\w-])[\w-]*{_WORD}[\w-]*\s*[=:]\s*(?:(?:bearer|basic|token)\s+)?){_VALUE}")
_OPTION = re.compile(rf"(?i)((?<!\S)(?:--?[\w-]*{_WORD}[\w-]*|--user|-u)\s+){_VALUE}")
_ADDRESS = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)([^\s'\"<>]+)")


def redact_url(url: str, keep_query: bool = False) -> str:
    """Return an address without its credentials and fragment, and with a mark in place of its query."""
    scheme, sep, rest = url.partition("://")
    if not sep:
        return url[:TEXT_LIMIT]
    rest, _, _ = rest.partition("#")
    rest, question, query = rest.partition("?")
    host, slash, path = rest.partition("/")
    host = host.rpartition("@")[2]
    tail = f"?{query if keep_query else HIDDEN}" if question else ""
    return f"{scheme}://{host}{slash}{path}{tail}"[:TEXT_LIMIT]


def redact_command(command: object, keep_query: bool = False) -> str:
    """Return a command line (a string, or a list of words) as text without what looks like a secret in it."""
    if isinstance(command, bytes):
        command = command.decode("utf-8", "replace")
    if isinstance(command, str):
        text = command
    elif isinstance(command, list | tuple):
        text = _join(command)
    else:
        text = str(command)
    text = text[: 4 * TEXT_LIMIT]
    text = _ADDRESS.sub(lambda found: redact_url(found[1] + found[2], keep_query), text)
    for secret in (_NAMED, _OPTION):
        text = secret.sub(lambda found: found[1] + HIDDEN, text)
    return text[:TEXT_LIMIT]


def _join(words: "list[object] | tuple[object, ...]") -> str:
    from shlex import quote

    return " ".join(quote(word.decode("utf-8", "replace") if isinstance(word, bytes) else str(word)) for word in words)
