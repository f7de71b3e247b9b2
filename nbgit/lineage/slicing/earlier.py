"""Ring 3: what IPython keeps of earlier runs: `Out`, `_`, `In` (docs/slicing.md)."""

import re

from nbgit.lineage.slicing.calls import Calls
from nbgit.lineage.slicing.memory import NOTHING, Value

OUTPUT = re.compile(r"_{1,3}|_\d+|_i{1,3}|_i\d+|Out|In|_oh|_ih|_dh")


class Earlier(Calls):
    """Follows what refers to earlier runs by their numbers."""

    def earlier(self, name: str) -> Value:
        """Return what IPython keeps under that name of the runs before: `_`, `_3`, `Out`, `_i3`."""
        shown = self.context.shown
        digits = name.lstrip("_i")
        if digits.isdigit():
            if name.startswith("_i"):
                return self.line_of(int(digits))
            return self.output(int(digits))
        if name in ("_", "__", "___"):
            found, left = NOTHING, len(name)
            for one in reversed(shown):
                self.memory.need(1 << one.unit, "shows a value")
                self.memory.look(one.value, "what it shows")
                found, left = found | one.value, left - one.is_certain
                if not left:
                    break
            return self.inside(found)
        for count in {one.count for one in shown} | (set(self.context.counts) if "i" in name.lower() else set()):
            if count is not None:
                self.output(count)
        if name in ("In", "_ih", "_i", "_ii", "_iii"):
            for unit in self.context.counts.values():
                self.memory.need(1 << unit, "is a line of the history")
        return self.inside(Value({thing for one in shown for thing in one.value.things}))

    def output(self, count: int) -> Value:
        """Return `Out[count]`."""
        found = NOTHING
        for one in self.context.shown:
            if one.count == count:
                self.memory.need(1 << one.unit, f"has Out[{count}]")
                self.memory.look(one.value, f"Out[{count}]")
                found = found | one.value
        return found

    def line_of(self, count: int) -> Value:
        """Return `In[count]`."""
        for one, unit in self.context.counts.items():
            if one <= count:  # `In` is a list, so that all before it count too
                self.memory.need(1 << unit, f"is In[{one}]")
        return NOTHING
