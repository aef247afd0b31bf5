"""Drift as JSON."""

import json
from collections.abc import Mapping

from reconciler.model.drift import DriftReport, Stand, Standing
from reconciler.model.location import Location, Path
from reconciler.model.plan import Drift
from reconciler.model.values import Secret, Unknown
from reconciler.render.safe import json_safe

FORMAT = "reconcile.drift/v1"


def drift_json(report: DriftReport) -> str:
    """Return the drift as JSON, one object a line, without secrets, ending in a newline."""
    stands = [_members(stand) for stand in report.stands if stand.standing is not Standing.SAME]
    head = {
        "format": FORMAT,
        "stack": report.stack,
        "serial": report.serial,
        "projects": list(report.projects),
        "resources": len(report.stands),
        "drifted": report.has_drift,
    }
    rows = ",\n".join(map(_line, stands))
    parts = [f"{_line(key)}: {_line(item)}" for key, item in head.items()]
    parts.append(f'"objects": [\n{rows}\n]' if rows else '"objects": []')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _line(item: object) -> str:
    return json_safe(json.dumps(item, ensure_ascii=False))


def _members(stand: Stand) -> dict[str, object]:
    return {
        "address": stand.address,
        "identity": stand.identity,
        "standing": stand.standing.value,
        "declared": stand.is_declared,
        "source": _place_members(stand.source),
        "why": stand.why,
        "drift": [_drift_members(one, stand.declared) for one in stand.drift],
    }


def _place_members(source: Location | None) -> dict[str, object] | None:
    if source is None:
        return None
    return {"file": source.file, "line": source.line, "column": source.column}


def _drift_members(one: Drift, declared: Mapping[Path, object]) -> dict[str, object]:
    """Return one difference; "declared" is there only where it is not what was last applied."""
    members: dict[str, object] = {"path": list(one.path), "sensitive": one.sensitive}
    sides = {"recorded": one.recorded, "live": one.live}
    if one.path in declared:
        sides["declared"] = declared[one.path]
    hidden = {"$secret": True}
    return members | {
        name: hidden if one.sensitive else _plain(side) for name, side in sides.items()
    }


def _plain(item: object) -> object:
    """Return a value as JSON; what is known only after a step is said in words."""
    match item:
        case Secret():
            return {"$secret": True}
        case Unknown():
            return {"after": f"{item.address}.{item.attribute}"}
        case Mapping():
            return {str(key): _plain(inner) for key, inner in item.items()}
        case list() | tuple():
            return [_plain(inner) for inner in item]
        case _:
            return item
