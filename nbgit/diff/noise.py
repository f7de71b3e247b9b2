"""Ring 3: what in outputs nobody reads: addresses, counts and ids that each run writes anew, escapes, tags."""

import re

_ADDRESS = re.compile(rb"(?<=\bat )0x[0-9a-fA-F]{6,16}\b")
_COUNT = re.compile(rb"In ?\[\d+\]|<ipython-input-\d+-[0-9a-f]+>|\bipykernel_\d+/\d+\.py")  # in tracebacks
_MADE_UP = re.compile(
    rb"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"  # a uuid
    rb"|\bT_[0-9a-f]{5}(?=[_\"' ])"  # pandas' Styler
    rb"|\bsk-(?:container|estimator)-id-\d+"  # scikit-learn counts what it shows
)
# As matplotlib writes them:
_SVG_NOISE = re.compile(rb"<dc:date>[^<]*</dc:date>|(?<=[\"#])[a-zA-Z]?[0-9a-f]{10}(?=[\")])")
_STEERING = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")  # ECMA-48: CSI; and OSC
_TAG = re.compile(r"<[^<>]*>")
_CODE = re.compile(r"<(script|style)\b[^<>]*>", re.IGNORECASE)


def without_noise(kind: str, mime: str, payload: bytes) -> bytes:
    """Return an output's datum without what every run writes anew."""
    text = payload
    if mime == "image/svg+xml":
        text = _SVG_NOISE.sub(b"", text)
    if kind in ("html", "table"):
        text = _MADE_UP.sub(b"", text)
    if kind == "error":
        text = _COUNT.sub(b"", text)
    return _ADDRESS.sub(b"", text) if b"at 0x" in text else text


def without_escapes(text: str) -> str:
    """Return a text without the sequences that colour it or steer a terminal."""
    return _STEERING.sub("", text)


def without_tags(html: str) -> str:
    """Return what of some HTML is text, without blank lines; scripts and styles count by their length only."""
    pieces = _CODE.split(html)  # text, name, text, name, ...
    texts = [pieces[0]]
    for name, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        code, _, behind = piece.partition(f"</{name}")
        texts.append(f"\n({name.lower()}, {len(code):,} characters)\n{behind.partition('>')[2]}")
    lines = [line.strip() for line in _TAG.sub("", "".join(texts)).split("\n")]
    return "\n".join([line for line in lines if line])
