"""Plans and problems in the formats of hosts, from files alone."""

import json

import pytest
from workbench import Workbench, pg, pool, stack

GITHUB = {
    "GITHUB_SERVER_URL": "https://github.example",
    "GITHUB_REPOSITORY": "me/it",
    "GITHUB_SHA": "c0ffee",
}
GITLAB = {"CI_PROJECT_URL": "https://gitlab.example/me/it", "CI_COMMIT_SHA": "c0ffee"}


@pytest.fixture
def planned(bench: Workbench) -> Workbench:
    """A plan file of a new service."""
    bench.write(stack(pg={"main": pg()}))
    assert bench.reconcile("plan", "--out", "plan.json").code == 0
    return bench


def test_markdown_of_a_plan_file_links_where_the_ci_says(planned: Workbench) -> None:
    """GitHub's, GitLab's, or what was typed; without any of them a place is no link."""
    plain = planned.reconcile("show", "plan.json", "--format", "markdown")
    assert plain.code == 0
    assert plain.out.startswith("<!-- reconcile:test:plan -->\n")
    assert "reconcile apply plan.json\n" in plain.out
    assert "](" not in plain.out
    asked = ("show", "plan.json", "--format", "markdown")
    assert "](https://github.example/me/it/blob/c0ffee/" in planned.reconcile(*asked, **GITHUB).out
    assert (
        "](https://gitlab.example/me/it/-/blob/c0ffee/" in planned.reconcile(*asked, **GITLAB).out
    )
    typed = planned.reconcile(*asked, "--link-base", "https://git.example/x", **GITHUB).out
    assert "](https://git.example/x/" in typed
    assert planned.reconcile(*asked, "--link-base", "javascript:x").code == 64
    assert planned.reconcile(*asked, "--limit", "10").code == 64


def test_a_plan_is_annotations_sarif_and_a_graph(planned: Workbench) -> None:
    """From the plan file, and from the stack."""
    for words in (("show", "plan.json"), ("plan",)):
        shown = planned.reconcile(*words, "--format", "github").out
        assert shown.startswith("::notice file=stack.yaml,line=")
        log = json.loads(planned.reconcile(*words, "--format", "sarif").out)
        assert [result["ruleId"] for result in log["runs"][0]["results"]] == ["change"]
    for words in (("graph", "plan.json"), ("graph",)):
        assert 's1["1 create aiven_pg.main"]' in planned.reconcile(*words).out
    assert planned.reconcile("graph", "--format", "dot").out.startswith("digraph steps {\n")


def test_validate_remarks_on_lines(bench: Workbench) -> None:
    """Errors as annotations and as SARIF on stdout, for people on stderr, and the exit code tells."""
    bench.write(stack(connection_pool={"main": pool("app", pool_size=0)}))
    shown = bench.reconcile("validate", "--format", "github")
    assert shown.code == 1
    assert shown.out.startswith("::error file=stack.yaml,line=")
    log = json.loads(bench.reconcile("validate", "--format", "sarif").out)
    assert log["runs"][0]["results"][0]["level"] == "error"
    bench.write(stack(connection_pool={"main": pool("app")}))
    assert bench.reconcile("validate", "--format", "github").out == ""
