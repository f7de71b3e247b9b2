"""Ring 3: HTML put together so that no text of a notebook becomes markup (docs/design.md, "The page")."""

from __future__ import annotations

from html import escape

from nbgit.notebook.text import visible

VOID = frozenset({"br", "img", "input", "meta"})


class Html(str):
    """Text that is HTML already. Only this module and the page's own files make it; any other text gets escaped."""

    __slots__ = ()


def tag(name: str, /, *children: str | None, **attributes: str | int | bool | None) -> Html:
    """Return one element.

    A child that is no Html is one line of text: it is escaped, and what steers or hides (control characters, overrides
    of direction) is made visible. `class_` is `class`, and `_` in a name is `-`; True gives a bare attribute, False
    and None none.
    """
    parts = [f"<{name}"]
    for key, value in attributes.items():
        if value is not None and value is not False:
            shown = key.rstrip("_").replace("_", "-")
            parts.append(f" {shown}" if value is True else f' {shown}="{escape(str(value))}"')
    parts.append(">")
    if name in VOID:
        return Html("".join(parts))
    parts += [text(child) for child in children if child]
    parts.append(f"</{name}>")
    return Html("".join(parts))


def text(value: str) -> Html:
    """Return one line of text as HTML; Html stays as it is."""
    return value if isinstance(value, Html) else Html(escape(visible(value)))


def join(parts: list[Html]) -> Html:
    """Return pieces of HTML as one."""
    return Html("".join(parts))
