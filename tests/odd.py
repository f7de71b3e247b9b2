"""Odd notebooks and things that are none, small enough to read: every byte of each has to survive git."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode

from tests.nb import code, markdown, notebook

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
STREAM = {"name": "stdout", "output_type": "stream", "text": ["one\n", "two \u2028 three\u00e9\n"]}
FIGURE = {
    "data": {"image/png": b64encode(b64decode(PNG) * 20).decode() + "\n", "text/plain": ["<Figure size 640x480>"]},
    "metadata": {"needs_background": "light"},
    "output_type": "display_data",
}
TABLE = {
    "data": {"text/html": ["<table>\n", *("<tr><td>é</td></tr>\n" for _ in range(60)), "</table>"]},
    "execution_count": 7,
    "metadata": {},
    "output_type": "execute_result",
}
PLOTLY = {
    "data": {"application/vnd.plotly.v1+json": {"data": [{"x": list(range(150)), "y": [1.5, -0.0, 1e-7] * 50}]}},
    "metadata": {},
    "output_type": "display_data",
}
ERROR = {"ename": "E", "evalue": "v", "output_type": "error", "traceback": ["\u001b[0;31mE\u001b[0m: v"] * 40}
RAN = notebook(
    markdown("# Title é", id="t"),
    code("plot()", id="a", execution_count=3, outputs=[STREAM, FIGURE], metadata={"collapsed": True, "tags": ["x"]}),
    code("table", id="b", execution_count=7, outputs=[TABLE, PLOTLY]),
    code("keep", id="c", execution_count=8, outputs=[STREAM], metadata={"tags": ["keep_output"]}),
    code("fail", id="d", execution_count=9, outputs=[ERROR]),
    metadata={"language_info": {"name": "python", "version": "3.11"}, "widgets": {"state": {}}},
)
V3 = (
    json.dumps(
        {
            "metadata": {"name": "", "signature": "sha256:0"},
            "nbformat": 3,
            "nbformat_minor": 0,
            "worksheets": [
                {
                    "cells": [
                        {"cell_type": "heading", "level": 1, "metadata": {}, "source": "x"},
                        {
                            "cell_type": "code",
                            "collapsed": False,
                            "input": ["plot()"],
                            "language": "python",
                            "metadata": {},
                            "outputs": [
                                {"output_type": "stream", "stream": "stdout", "text": "hi\n"},
                                {"output_type": "pyout", "png": PNG * 12, "prompt_number": 1, "text": ["<Figure>"]},
                            ],
                            "prompt_number": 1,
                        },
                    ],
                    "metadata": {},
                }
            ],
        },
        indent=1,
    )
    + "\n"
).encode()
DEEP = b'{"a":' + b"[" * 40_000 + b"]" * 40_000 + b"}"


def with_output(raw: bytes) -> bytes:
    """Return a notebook whose one output holds `raw` as it stands."""
    return RAN.replace(b'"needs_background": "light"', b'"odd": ' + raw)


NOTEBOOKS: dict[str, bytes] = {
    "as Jupyter writes it": RAN,
    "nbformat 3": V3,
    "indent 2": notebook(code("x", outputs=[STREAM, FIGURE], execution_count=1), indent=2),
    "tabs": json.dumps(json.loads(RAN), indent="\t").encode(),
    "compact": json.dumps(json.loads(RAN), separators=(",", ":")).encode(),
    "escapes": json.dumps(json.loads(RAN), indent=1, ensure_ascii=True).encode(),
    "key order": json.dumps(dict(reversed(json.loads(RAN).items())), indent=1).encode(),
    "no final newline": RAN[:-1],
    "three final newlines": RAN + b"\n\n",
    "CRLF": RAN.replace(b"\n", b"\r\n"),
    "BOM": b"\xef\xbb\xbf" + RAN,
    "a screen of white space first": b"\n" * 200 + RAN,
    "NaN": with_output(b"[NaN, Infinity, -Infinity]"),
    "huge integer": with_output(b"9" * 6000),
    "huge integer in a datum": RAN.replace(b'"x": [', b'"x": [' + b"9" * 6000 + b", "),
    "deep datum": RAN.replace(b'"x": [', b'"x": [' + b"[" * 700 + b"]" * 700 + b", "),
    "duplicate keys": with_output(b'{"a": 1, "a": 2}').replace(b'"outputs"', b'"outputs": [1], "outputs"', 1),
    "lone surrogate": with_output(b'"\\ud800 \\udc00\\ud800"'),
    "not UTF-8": with_output(b'"\xff\xfe\x80"'),
    "empty outputs": notebook(code("x", outputs=[], execution_count=4)),
    "no cells": notebook(),
    "code that is no text": RAN.replace(b'"plot()"', b'{"plot": [1]}'),
    "an id that is no text": RAN.replace(b'"id": "a"', b'"id": {"a": [NaN]}'),
    "metadata too deep to write": RAN.replace(b'"name": "python"', b'"name": ' + b"[" * 930 + b"]" * 930),
    "version of 5000 digits": RAN.replace(b'"nbformat": 4', b'"nbformat": ' + b"4" * 5000),
}
OTHER: dict[str, bytes] = {
    "empty": b"",
    "one newline": b"\n",
    "truncated": RAN[: len(RAN) // 2],
    "conflict-marked": b"<<<<<<< ours\n" + RAN + b"=======\n" + RAN[:-30] + b">>>>>>> theirs\n",
    "conflict-marked inside": RAN.replace(b' "cells": [', b' "cells": [\n<<<<<<< ours\n'),
    "binary": bytes(range(256)) * 40,
    "UTF-16": RAN.decode().encode("utf-16"),
    "JSON, but no notebook": b'{"cells": "no", "nbformat": 4}',
    "a list": b"[1, 2, 3]\n",
    "a string": b'"notebook"',
    "trailing junk": RAN + b"x",
    "a NUL": RAN.replace(b"Title", b"Ti\0tle"),
    "too deep": DEEP,
    "version as text": RAN.replace(b'"nbformat": 4', b'"nbformat": "4"'),
    "text with CRLF": b"not a notebook\r\nat all\r\n",
}
