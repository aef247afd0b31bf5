"""One form for values that may be written in several: what comparing is done on."""

import json
import re
from collections.abc import Mapping, Sequence

from reconciler.kinds.kind import Attribute, Unset
from reconciler.model.values import Secret, Unknown

_GIBIBYTES = re.compile(r"(\d+)(?:GiB|G)")


def normal(attribute: Attribute, value: object) -> object:
    """Return `value` in the one form that equal values share.

    Unset and empty are the same where the kind says that unsetting sends an empty value; a disk size
    is `80GiB`; a VPC is its uuid; items of an unordered list are sorted; shorthand items are spelt out.
    """
    if value is None:
        return empty_value(attribute) if attribute.unset is Unset.EMPTY else None
    if isinstance(value, Secret | Unknown):
        return value
    if attribute.convert == "gibibytes" and isinstance(value, str):
        match = _GIBIBYTES.fullmatch(value)
        return f"{match[1]}GiB" if match else value
    if attribute.convert == "vpc" and isinstance(value, str):
        return value.rpartition("/")[2]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _normal_list(attribute, value)
    return value


def empty_value(attribute: Attribute) -> object:
    """Return the empty value of the attribute's type: `[]`, `{}` or `""`."""
    match attribute.schema.get("type"):
        case "array":
            return []
        case "object":
            return {}
        case _:
            return ""


def _normal_list(attribute: Attribute, value: Sequence[object]) -> list[object]:
    items = [_spelt_out(attribute, item) for item in value]
    return sorted(items, key=_sort_key) if attribute.unordered else items


def _spelt_out(attribute: Attribute, item: object) -> object:
    if not attribute.shorthand:
        return item
    if isinstance(item, str):
        return {attribute.shorthand: item}
    if isinstance(item, Mapping):
        return {key: part for key, part in item.items() if part not in (None, "")}
    return item


def _sort_key(item: object) -> str:
    return json.dumps(item, sort_keys=True, default=repr)
