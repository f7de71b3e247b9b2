"""The constraints of W3C PROV (PROV-CONSTRAINTS) that a PROV-JSON document may break: prov checks none of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

ELEMENTS = ("entity", "activity", "agent")
ENDS = {  # relation -> (role, kind of what stands there)
    "used": (("activity", "activity"), ("entity", "entity")),
    "wasGeneratedBy": (("entity", "entity"), ("activity", "activity")),
    "wasDerivedFrom": (("generatedEntity", "entity"), ("usedEntity", "entity")),
    "wasInformedBy": (("informed", "activity"), ("informant", "activity")),
    "wasAttributedTo": (("entity", "entity"), ("agent", "agent")),
    "wasAssociatedWith": (("activity", "activity"), ("agent", "agent"), ("plan", "entity")),
    "actedOnBehalfOf": (("delegate", "agent"), ("responsible", "agent")),
    "hadMember": (("collection", "entity"), ("entity", "entity")),
}
Edges = dict[str, set[str]]


def broken_rules(document: dict[str, Any]) -> list[str]:
    """Return what a document breaks, a sentence each."""
    found = [f"{kind} is not known here" for kind in document.keys() - {"prefix", *ELEMENTS, *ENDS}]
    found += _loose_ends(document) + _generations(document) + _derivations(document) + _times(document)
    names = [name for kind in ELEMENTS for name in document.get(kind, {})]
    found += [f"{name} is of two kinds" for name in set(names) if names.count(name) > 1]
    found += [f"{name} has no declared prefix" for name in names if name.split(":")[0] not in document["prefix"]]
    return found


def pairs(document: dict[str, Any], kind: str) -> list[tuple[str, str]]:
    """Return both ends of each relation of a kind."""
    one, other = (f"prov:{role}" for role, _ in ENDS[kind][:2])
    return [(relation[one], end) for relation in document.get(kind, {}).values() for end in _each(relation[other])]


def _each(value: str | list[str]) -> Iterable[str]:
    return value if isinstance(value, list) else [value]


def _loose_ends(document: dict[str, Any]) -> list[str]:
    return [
        f"{kind} names {end}, which is no {sort}"
        for kind, ends in ENDS.items()
        for relation in document.get(kind, {}).values()
        for role, sort in ends
        if f"prov:{role}" in relation
        for end in _each(relation[f"prov:{role}"])
        if end not in document.get(sort, {})
    ]


def _generations(document: dict[str, Any]) -> list[str]:
    made = [entity for entity, _ in pairs(document, "wasGeneratedBy")]
    return [f"{entity} was generated twice" for entity in set(made) if made.count(entity) > 1]


def _derivations(document: dict[str, Any]) -> list[str]:
    sources: Edges = {}
    for derived, source in pairs(document, "wasDerivedFrom"):
        sources.setdefault(derived, set()).add(source)
    return [f"{entity} was derived from itself" for entity in sources if entity in _reached(sources, sources[entity])]


def _reached(edges: Edges, start: set[str]) -> set[str]:
    found, todo = set(start), list(start)
    while todo:
        new = edges.get(todo.pop(), set()) - found
        found |= new
        todo += new
    return found


def _times(document: dict[str, Any]) -> list[str]:
    times = {
        name: [datetime.fromisoformat(one[key]) if key in one else None for key in ("prov:startTime", "prov:endTime")]
        for name, one in document.get("activity", {}).items()
    }
    found = [f"{name} ends before it starts" for name, (start, end) in times.items() if start and end and end < start]
    makers = dict(pairs(document, "wasGeneratedBy"))
    order = [(source, target, "informs") for target, source in pairs(document, "wasInformedBy")]
    order += [
        (makers[entity], reader, f"makes {entity} for")
        for reader, entity in pairs(document, "used")
        if entity in makers
    ]
    for source, target, verb in order:
        start, end = times[source][0], times[target][1]
        if start and end and start > end:
            found.append(f"{source} {verb} {target}, which was over before it began")
    return found
