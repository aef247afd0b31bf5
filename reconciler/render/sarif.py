"""Remarks as SARIF 2.1.0, the format in which code scanners report."""

import json
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import quote

from reconciler.render.remarks import CHANGE, DRIFT, Remark
from reconciler.render.safe import json_safe

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)

_RULES = {
    CHANGE: "A change that nobody feels.",
    DRIFT: "Live differs from what was last applied.",
    "data-loss": "Data is lost.",
    "cut-clients": "Clients are cut, and open transactions abort.",
    "refuse-logins": "New logins are refused.",
    "restart": "The service restarts.",
    "upgrade": "The service is upgraded.",
    "role-switch": "Clients go on as another role.",
    "retarget": "Clients go on in another database.",
    "access": "What may reach the service changes.",
    "semantics": "The same queries behave differently.",
}


def sarif(
    remarks: Sequence[Remark],
    *,
    version: str,
    file: Callable[[str], str] = str,
    facts: Mapping[str, object] | None = None,
) -> str:
    """Return a SARIF log with one run, ending in a newline.

    version: of reconcile. file: returns a path as seen from the top of the repository.
    facts: what else to say of the run, such as the plan's digest; JSON.
    """
    rules = {remark.rule: remark.title for remark in reversed(remarks)}
    numbers = {rule: at for at, rule in enumerate(sorted(rules))}
    run = {
        "tool": {
            "driver": {
                "name": "reconcile",
                "semanticVersion": version,
                "rules": [_rule(rule, rules[rule]) for rule in numbers],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(remark, numbers, file) for remark in remarks],
        **({"properties": dict(facts)} if facts else {}),
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    lines = json.dumps(log, ensure_ascii=False, indent=1).split("\n")
    return "\n".join(map(json_safe, lines)) + "\n"


def _rule(rule: str, title: str) -> dict[str, object]:
    return {"id": rule, "shortDescription": {"text": _RULES.get(rule) or title or rule}}


def _result(
    remark: Remark, numbers: Mapping[str, int], file: Callable[[str], str]
) -> dict[str, object]:
    title = "" if remark.title in remark.text else f"{remark.title}: "
    made: dict[str, object] = {
        "ruleId": remark.rule,
        "ruleIndex": numbers[remark.rule],
        "level": remark.level.value,
        "message": {"text": f"{title}{remark.text}" or remark.rule},
        "locations": _locations(remark, file),
    }
    return (
        {**made, "partialFingerprints": {"subject/v1": remark.subject}} if remark.subject else made
    )


def _locations(remark: Remark, file: Callable[[str], str]) -> list[dict[str, object]]:
    place = remark.location
    if place is None or not place.file:
        return []
    artifact = {"uri": quote(file(place.file), errors="backslashreplace"), "uriBaseId": "%SRCROOT%"}
    region = {"startLine": place.line or 1}
    region |= {"startColumn": place.column} if place.line and place.column else {}
    subject = (
        {"logicalLocations": [{"fullyQualifiedName": remark.subject}]} if remark.subject else {}
    )
    return [{"physicalLocation": {"artifactLocation": artifact, "region": region}, **subject}]
