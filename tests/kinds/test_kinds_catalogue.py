"""The catalogue: lazy about shipped kinds, strict about those of users."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reconciler.kinds.catalogue import Catalogue, load_catalogue, shipped_dir
from reconciler.kinds.users import KindFileError

FIVE = [
    "aiven_connection_pool",
    "aiven_pg",
    "aiven_pg_database",
    "aiven_pg_user",
    "aiven_project",
]


def widget(**changes: Any) -> dict[str, Any]:
    """Return a sound kind file of a user."""
    return {
        "title": "widget",
        "description": "A widget of a service.",
        "type": "object",
        "additionalProperties": False,
        "required": ["service_name", "widget_name"],
        "properties": {
            "service_name": {
                "description": "Its service.",
                "type": "string",
                "x-force-new": True,
                "x-refers-to": "aiven_pg.service_name",
            },
            "widget_name": {"description": "Its name.", "type": "string", "x-force-new": True},
        },
        "x-kind": {
            "identity": ["service_name", "widget_name"],
            "routes": {
                "read": [{"path": "/v1/{service_name}/{widget_name}"}],
                "create": [
                    {"method": "POST", "path": "/v1/{service_name}", "send": ["widget_name"]}
                ],
                "delete": [{"method": "DELETE", "path": "/v1/{service_name}/{widget_name}"}],
            },
        },
        **changes,
    }


def write(folder: Path, name: str, content: object) -> Path:
    """Write a file of kinds and return it."""
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return file


def test_catalogue_lists_the_shipped_kinds_and_nothing_else() -> None:
    """The meta-schema and the editor's schema beside them are no kinds."""
    catalogue = load_catalogue()
    assert list(catalogue) == FIVE
    assert len(catalogue) == len(FIVE)
    assert "kind" not in catalogue
    assert catalogue.file_of("aiven_pg") == shipped_dir() / "aiven_pg.json"


def test_kind_is_read_on_first_access_only(tmp_path: Path) -> None:
    """A broken file among others hurts who asks for it, and a kind once read is kept."""
    sound = write(tmp_path, "widget.json", widget())
    broken = write(tmp_path, "broken.json", "{")
    catalogue = Catalogue({"widget": sound, "broken": broken})
    assert sorted(catalogue) == ["broken", "widget"]
    first = catalogue["widget"]
    sound.unlink()
    assert catalogue["widget"] is first


def test_unknown_kind_is_a_key_error() -> None:
    """It behaves as a mapping does."""
    with pytest.raises(KeyError):
        load_catalogue()["aiven_kafka"]
    assert load_catalogue().get("aiven_kafka") is None


def test_catalogue_needs_no_heavy_library() -> None:
    """Reading every kind imports neither jsonschema nor anything that validates."""
    code = (
        "import sys; from reconciler.kinds.catalogue import load_catalogue as load; c = load();"
        "[c[name] for name in c]; print('jsonschema' in sys.modules)"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "False"


def test_kinds_of_users_stand_beside_the_shipped_ones(tmp_path: Path) -> None:
    """They refer to shipped kinds and to one another, in any order of folders."""
    gadget = widget(title="gadget")
    gadget["properties"]["service_name"]["x-refers-to"] = "widget.service_name"
    write(tmp_path / "a", "gadget.json", gadget)
    write(tmp_path / "b", "widget.json", widget())
    catalogue = load_catalogue([tmp_path / "a", tmp_path / "b"])
    assert list(catalogue) == [*FIVE, "gadget", "widget"]
    assert catalogue["gadget"].container == "widget"
    assert catalogue.file_of("widget") == tmp_path / "b" / "widget.json"


def test_schemas_of_other_sorts_in_a_users_folder_are_passed_over(tmp_path: Path) -> None:
    """A copy of the meta-schema beside the kinds, for an editor, does no harm."""
    write(tmp_path, "widget.json", widget())
    write(tmp_path, "kind.meta.json", {})
    write(tmp_path, "README.md", "kinds")
    assert "widget" in load_catalogue([tmp_path])


def test_everything_wrong_with_users_files_is_told_at_once(tmp_path: Path) -> None:
    """One run names each file's problem, with its place."""
    unknown = widget(title="unknown")
    unknown["properties"]["service_name"]["x-refers-to"] = "aiven_pgg.service_name"
    write(tmp_path, "aiven_pg.json", widget(title="aiven_pg"))
    write(tmp_path, "broken.json", '{\n  "title" "broken"\n}')
    write(tmp_path, "deep.json", "[" * 100_000)
    write(tmp_path, "latin.json", '"\\ud800"')
    (tmp_path / "bytes.json").write_bytes(b'{"title": "\xff"}')
    write(tmp_path, "not-a-name.json", widget())
    write(tmp_path, "other.json", widget())
    write(tmp_path, "twice.json", '{"title": "twice", "title": "twice"}')
    write(tmp_path, "unknown.json", unknown)
    with pytest.raises(KindFileError) as caught:
        load_catalogue([tmp_path, tmp_path / "missing"])
    told = {
        (Path(d.location.file).name if d.location else "", d.summary)
        for d in caught.value.diagnostics
    }
    assert told == {
        ("aiven_pg.json", "Kind is there already"),
        ("broken.json", "Not JSON"),
        ("bytes.json", "Kind file cannot be read"),
        ("deep.json", "Kind file cannot be read"),
        ("latin.json", "Wrong value"),
        ("missing", "Folder of kinds not found"),
        ("not-a-name.json", "Kind cannot be called that"),
        ("other.json", "Kind and file differ in name"),
        ("twice.json", "Kind file cannot be read"),
        ("unknown.json", "Unknown kind"),
    }
    places = {Path(str(d.location)).name: d.hint for d in caught.value.diagnostics}
    assert "broken.json:2:11" in places
    unknown_kind = next(d for d in caught.value.diagnostics if d.summary == "Unknown kind")
    assert unknown_kind.location is not None
    assert unknown_kind.location.line == 1 < unknown_kind.location.column
    assert unknown_kind.hint == "did you mean 'aiven_pg'?"


def test_same_kind_in_two_folders_is_refused(tmp_path: Path) -> None:
    """Which one counts must not depend on the order of flags."""
    write(tmp_path / "a", "widget.json", widget())
    second = write(tmp_path / "b", "widget.json", widget())
    with pytest.raises(KindFileError) as caught:
        load_catalogue([tmp_path / "a", tmp_path / "b"])
    (told,) = caught.value.diagnostics
    assert told.summary == "Kind is there already"
    assert told.location is not None
    assert told.location.file == str(second)
