"""Ring 3: a notebook as the texts of its parts, so that a merge can put it together again byte for byte.

Texts are latin-1 (see nbgit.notebook.scan). v4 keeps its cells in `cells`, v2 and v3 in the first worksheet.
"""

from nbgit.errors import NotANotebook
from nbgit.merge.objects import JsonObject, write_list
from nbgit.notebook.cells import Notebook, read_cells
from nbgit.notebook.scan import elements, skip_space, skip_value

BYTE_ORDER_MARK = "\xef\xbb\xbf"


class SeveralSheets(NotANotebook):
    """A notebook of nbformat 2 or 3 that has not exactly one worksheet."""


class Document:
    """A notebook: `head` and `tail` around its object, the `top` object, each cell's text, `notebook` as it reads.

    `cells_text` is the array the cells stand in. Raises NotANotebook for what can't be taken apart like this.
    """

    __slots__ = ("cell_texts", "cells_text", "head", "notebook", "tail", "top")

    def __init__(self, data: bytes) -> None:
        self.notebook: Notebook = read_cells(data)
        text = data.decode("latin-1")
        start = skip_space(text, len(BYTE_ORDER_MARK) if text.startswith(BYTE_ORDER_MARK) else 0)
        try:
            end = skip_value(text, start)
            self.top = JsonObject(text[start:end])
            self.cells_text = self._find_cells()
            found, _ = elements(self.cells_text, 0)
        except ValueError as err:
            raise NotANotebook(f"not a notebook: {err}") from err
        self.head, self.tail = text[:start], text[end:]
        self.cell_texts = [self.cells_text[low:high] for low, high in found]
        if len(self.cell_texts) != len(self.notebook.cells):
            raise NotANotebook("not a notebook that can be merged cell by cell: its cells stand in several places")

    @property
    def cells_key(self) -> str:
        """The member of the top object that holds the cells."""
        return "cells" if "cells" in self.top.values else "worksheets"

    def with_cells(self, cell_texts: list[str], other: "Document") -> str:
        """Return the text of the member that holds the cells, with these cells, in this layout (or the other's)."""
        array = write_list(cell_texts, self.cells_text, other.cells_text)
        if array == "[]" and not self.cell_texts:
            array = self.cells_text
        if cell_texts == self.cell_texts:
            array = self.cells_text
        if self.cells_key == "cells":
            return array
        worksheets = self.top.values["worksheets"]
        (start, end), *_ = elements(worksheets, 0)[0]
        sheet = JsonObject(worksheets[start:end])
        return (
            worksheets[:start]
            + sheet.write({**sheet.values, "cells": array}, {"cells": '"cells": ', **sheet.keys})
            + worksheets[end:]
        )

    def with_texts(self, cell_texts: list[str], top: JsonObject | None = None) -> bytes:
        """Return the notebook with these cells, and with `top` in place of what is around them."""
        around = top or self.top
        values = {**around.values, self.cells_key: self.with_cells(cell_texts, self)}
        return (self.head + around.write(values, around.keys) + self.tail).encode("latin-1")

    def _find_cells(self) -> str:
        if "cells" in self.top.values:
            return self.top.values["cells"]
        worksheets = self.top.values.get("worksheets", "[]")
        sheets, _ = elements(worksheets, 0)
        if len(sheets) != 1:
            raise SeveralSheets("not a notebook that can be merged cell by cell: it has not exactly one worksheet")
        start, end = sheets[0]
        return JsonObject(worksheets[start:end]).values.get("cells", "[]")
