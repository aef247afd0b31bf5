"""Durations as people write them, `2h45m`, and the seconds they stand for."""

import re

_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")
_WHOLE = re.compile(rf"(?:{_PART.pattern})+", re.ASCII)

_UNIT_MS = {"h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}


def parse_duration(text: str) -> float:
    """Return the seconds `text` stands for: figures with h, m, s or ms, as Go writes them.

    Raises ValueError for anything else: a sign, a figure without a unit, an empty string.
    """
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"{text!r} is not a duration such as 30s, 5m or 2h45m")
    return sum(float(figure) * _UNIT_MS[unit] for figure, unit in _PART.findall(text)) / 1000


def format_duration(seconds: float) -> str:
    """Return `seconds` as `2h45m`, exact to the millisecond; below zero counts as zero."""
    total_ms = max(round(seconds * 1000), 0)
    if total_ms < 1000:
        return f"{total_ms}ms" if total_ms else "0s"
    hours, rest = divmod(total_ms, _UNIT_MS["h"])
    minutes, rest_ms = divmod(rest, _UNIT_MS["m"])
    parts = [f"{hours}h" if hours else "", f"{minutes}m" if minutes else ""]
    whole_s, ms = divmod(rest_ms, 1000)
    if ms:
        parts.append(f"{whole_s}.{ms:03}".rstrip("0") + "s")
    elif whole_s:
        parts.append(f"{whole_s}s")
    return "".join(parts)
