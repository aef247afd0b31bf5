"""Data sources: read, never changed, and their attributes in other attributes."""

from workbench import PROJECT, Stack, Workbench, pg, stack


def project_stack(**more: object) -> Stack:
    data = {"data": {"aiven_project": {"here": {"project": PROJECT}}}}
    return stack(sections={**data, **more}, pg={"main": pg()})


def test_a_projects_attributes_are_known_when_the_plan_is_made(bench: Workbench) -> None:
    """The project's cloud becomes the service's, its account a tag."""
    declared = project_stack()
    declared["resources"]["aiven_pg"]["main"] |= {
        "project": "${data.aiven_project.here.project}",
        "cloud_name": "${data.aiven_project.here.default_cloud}",
        "tags": {"account": "of-${data.aiven_project.here.account_id}"},
    }
    bench.write(declared)
    plan = bench.plan()
    (change,) = plan["changes"]
    fields = {".".join(f["path"]): f["after"] for f in change["fields"]}
    account = bench.ok("GET", "")["project"]["account_id"]
    assert fields["cloud_name"] == "google-europe-west1"
    assert fields["tags"] == {"account": f"of-{account}"}
    bench.apply()
    assert bench.service()["tags"] == {"account": f"of-{account}"}
    assert bench.changes() == {}


def test_a_projects_certificate_is_an_output_that_is_shown_when_asked_for(bench: Workbench) -> None:
    """It has a call of its own, made only then."""
    bench.write(project_stack(outputs={"ca": "${data.aiven_project.here.ca_cert}"}))
    with bench.counted() as calls:
        bench.apply()
    assert "GET ca" not in calls
    assert "BEGIN CERTIFICATE" not in bench.reconcile("output").both
    shown = bench.reconcile("output", "--name", "ca", "--show-sensitive")
    assert shown.out.startswith("-----BEGIN CERTIFICATE-----")


def test_a_project_there_is_none_of_blocks_and_says_so(bench: Workbench) -> None:
    """Before anything is written."""
    bench.write(project_stack())
    with bench.counted() as calls:
        ran = bench.reconcile("apply", "--auto-approve", "--var", "project=nowhere")
    assert ran.code == 4, ran.both
    assert "data.aiven_project.here" in ran.both
    assert not [name for name in calls if not name.startswith("GET")]
    assert bench.state() == {}


def test_a_value_of_a_service_that_is_not_there_yet_is_known_after_its_step(
    bench: Workbench,
) -> None:
    """The plan says after which; the apply puts it in."""
    declared = stack(
        pg={
            "main": pg(),
            "other": pg("pg2", tags={"of": "${aiven_pg.main.cloud_name}"}),
        }
    )
    bench.write(declared)
    shown = bench.reconcile("plan").out
    assert "after step 1" in shown
    bench.apply()
    assert bench.service("pg2")["tags"] == {"of": "google-europe-west1"}
    assert bench.changes() == {}
