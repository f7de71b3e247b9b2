"""Ring 3: what a library's function touches beside its arguments (docs/slicing.md)."""

from nbgit.lineage.slicing.file_effects import FileEffects
from nbgit.lineage.slicing.given import Given
from nbgit.lineage.slicing.magics import names_in
from nbgit.lineage.slicing.memory import Thing
from nbgit.lineage.slicing.places import WORLD, touches

NEW_FIGURE = ("figure", "subplots", "subplot_mosaic")


class Touching(FileEffects):
    """Follows what calls touch that no name stands for."""

    def touch_places_of(self, path: str, last: str, given: Given) -> list[Thing]:
        """Touch the places of a library's function; return those that its result may refer to."""
        held = []
        for place, mode in touches(path):
            if (
                place == "pyplot"
                and mode == "use"
                and last in NEW_FIGURE
                and not given.positional
                and "num" not in given.named
            ):
                held.append(self.memory.renew("pyplot", self.is_unsure))
            elif place == "pyplot" and last == "close" and given.text(0) == "all" and mode == "use":
                self.memory.renew("pyplot", self.is_unsure)
                self.memory.put("figures", self.is_unsure)
                break
            else:
                thing = self.apply_touch(place, mode)
                if place in ("pyplot", "logging"):
                    held.append(thing)
                if place == "pyplot" and last == "figure":
                    self.memory.use("figures")
        return held

    def world(self) -> None:
        """Touch every place: what foreign code may do."""
        for place in WORLD:
            self.memory.use(place)
        self.use_file(None, "use")

    def read_named(self, given: Given) -> None:
        """Read what a text names that a library takes for code: a query, a formula."""
        texts = given.texts()
        if not texts:
            self.memory.read_everything()
        for name in names_in(" ".join(texts)):
            if self.memory.find(name, self.scopes) is not None:
                self.memory.read(name, self.scopes)

    def kind_of(self, path: str) -> str:
        """Return the library whose objects a function gives, where that is known, else ""."""
        top = path.partition(".")[0]
        if (top == "numpy" and not path.startswith("numpy.random.")) or path.startswith("numpy.random.r"):
            return "numpy" if not path.endswith(("RandomState", "vectorize", "nditer", "memmap")) else ""
        if path == "collections.defaultdict":
            return "defaultdict"
        return top if top in ("pandas", "sklearn", "pathlib") else ""
