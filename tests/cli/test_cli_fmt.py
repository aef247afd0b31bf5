"""`reconcile fmt` through the command line: which files, what is said, what is left alone."""

import contextlib
import io
from pathlib import Path

import pytest

from reconciler.cli.main import run

MESSY = "stack:   test\nresources:\n    aiven_pg: {}   # none yet\n"
NEAT = "stack: test\nresources:\n  aiven_pg: {}   # none yet\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def fmt(*words: str) -> tuple[int, str, str]:
    """Return exit code, stdout and stderr."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(["fmt", *words])
    return int(code), out.getvalue(), err.getvalue()


def test_a_file_is_laid_out_and_named(folder: Path) -> None:
    """Written once; a second time there is nothing to say."""
    (folder / "stack.yaml").write_text(MESSY)
    assert fmt("stack.yaml") == (0, "stack.yaml\n", "")
    assert (folder / "stack.yaml").read_text() == NEAT
    assert fmt("stack.yaml") == (0, "", "")


def test_a_folder_is_laid_out_file_by_file(folder: Path) -> None:
    """Only its *.yaml, not what lies deeper, and only those that change are named."""
    for name in ("b.yaml", "a.yaml", "c.yml", ".hidden.yaml"):
        (folder / name).write_text(MESSY)
    (folder / "neat.yaml").write_text(NEAT)
    (folder / "env").mkdir()
    (folder / "env" / "prod.yaml").write_text(MESSY)
    assert fmt() == (0, "a.yaml\nb.yaml\n", "")
    assert (folder / "c.yml").read_text() == MESSY
    assert (folder / ".hidden.yaml").read_text() == MESSY
    assert (folder / "env" / "prod.yaml").read_text() == MESSY
    assert fmt("env", "a.yaml") == (0, "env/prod.yaml\n", "")


def test_check_writes_nothing_and_exits_1(folder: Path) -> None:
    """The names are all it says."""
    (folder / "stack.yaml").write_text(MESSY)
    assert fmt("--check") == (1, "stack.yaml\n", "")
    assert (folder / "stack.yaml").read_text() == MESSY
    fmt()
    assert fmt("--check") == (0, "", "")


def test_a_diff_is_shown(folder: Path) -> None:
    """With --check only shown, without it written as well; bidi characters cannot fool the eye."""
    (folder / "stack.yaml").write_text("stack:   test # \u202eb\n")
    code, out, _ = fmt("--check", "--diff")
    assert code == 1
    assert out.splitlines() == [
        "--- stack.yaml",
        "+++ stack.yaml (laid out)",
        "@@ -1,2 +1,2 @@",
        "-stack:   test # \\u202eb",
        "+stack: test # \\u202eb",
        " ",
    ]
    assert fmt("--diff")[0] == 0
    assert (folder / "stack.yaml").read_text() == "stack: test # \u202eb\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (MESSY.replace("\n", "\r\n").encode(), NEAT.encode()),
        (b"\xef\xbb\xbf" + NEAT.encode(), NEAT.encode()),
        (NEAT.rstrip("\n").encode(), NEAT.encode()),
        (b"a: 1\rb: 2\r", b"a: 1\nb: 2\n"),
    ],
    ids=["CRLF", "byte order mark", "no newline at the end", "CR"],
)
def test_bytes_are_made_the_same(folder: Path, before: bytes, after: bytes) -> None:
    """LF, no byte order mark, one newline at the end."""
    (folder / "stack.yaml").write_bytes(before)
    assert fmt()[0] == 0
    assert (folder / "stack.yaml").read_bytes() == after


def test_mode_and_link_stay(folder: Path) -> None:
    """A file that several may write stays so, and a symbolic link stays a link."""
    real = folder / "real"
    real.mkdir()
    (real / "x.yaml").write_text(MESSY)
    (real / "x.yaml").chmod(0o664)
    (folder / "stack.yaml").symlink_to(real / "x.yaml")
    assert fmt()[0] == 0
    assert (folder / "stack.yaml").is_symlink()
    assert (real / "x.yaml").read_text() == NEAT
    assert (real / "x.yaml").stat().st_mode & 0o777 == 0o664
    assert [path.name for path in real.iterdir()] == ["x.yaml"]


def test_a_read_only_file_is_left_alone(folder: Path) -> None:
    """Also where the folder would let it be replaced."""
    (folder / "stack.yaml").write_text(MESSY)
    (folder / "stack.yaml").chmod(0o444)
    code, out, err = fmt()
    assert (code, out) == (1, "")
    assert "File cannot be written" in err
    assert (folder / "stack.yaml").read_text() == MESSY
    assert [path.name for path in folder.iterdir()] == ["stack.yaml"]


def test_all_files_with_errors_are_told_and_none_is_written(folder: Path) -> None:
    """The strict loader's own diagnostics, for every file of the run."""
    (folder / "a.yaml").write_text("a: {b: 1\n")
    (folder / "b.yaml").write_text("a:\n\tb: 1\n")
    (folder / "c.yaml").write_text(MESSY)
    (folder / "d.yaml").write_text("a: yes\nb: !x 1\n")
    code, out, err = fmt()
    assert (code, out) == (1, "")
    assert [line.split(": ")[0] for line in err.splitlines() if ": error: " in line] == [
        "a.yaml:2:1",
        "b.yaml:2:1",
        "d.yaml:1:4",
        "d.yaml:2:4",
    ]
    assert (folder / "c.yaml").read_text() == MESSY


def test_what_is_not_there_is_an_error(folder: Path) -> None:
    """A wrong path, and a folder without a stack."""
    assert "File not found" in fmt("nowhere.yaml")[2]
    assert fmt("nowhere.yaml")[0] == 1
    assert "No stack here" in fmt()[2]


def test_nothing_of_it_needs_a_token_or_the_kinds(folder: Path) -> None:
    """Any file in the strict subset can be laid out, also one of variables."""
    (folder / "vars.yaml").write_text("pool_size:    3\n")
    assert fmt("vars.yaml")[0] == 0
    assert (folder / "vars.yaml").read_text() == "pool_size: 3\n"
