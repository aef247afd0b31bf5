"""Where files lie in their repository, and their URLs: from --link-base or from the CI's environment."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit

import click

from reconciler.model.location import Location

link_base_option = click.option(
    "--link-base",
    metavar="URL",
    callback=lambda _context, _parameter, value: _checked(value),
    help="Where the repository's files are shown, such as https://github.com/me/it/blob/main;"
    " by default as GitHub's or GitLab's CI tells.",
)


def _checked(base: str | None) -> str | None:
    if base and (urlsplit(base).scheme not in ("https", "http") or not urlsplit(base).netloc):
        raise click.BadParameter(f"'{base}' is not a URL that begins with https://")
    return base


def base_of(environ: Mapping[str, str]) -> str:
    """Return where the CI's commit is shown, or "" outside of a CI that tells."""
    github = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_SHA")
    if all(environ.get(name) for name in github):
        server, repository, commit = (environ[name] for name in github)
        return f"{server}/{repository}/blob/{commit}"
    gitlab = ("CI_PROJECT_URL", "CI_COMMIT_SHA")
    if all(environ.get(name) for name in gitlab):
        project, commit = (environ[name] for name in gitlab)
        return f"{project}/-/blob/{commit}"
    return ""


def linker(base: str | None) -> Callable[[Location], str] | None:
    """Return what tells the URL of a place, or None where nobody knows where files are shown."""
    found = base or base_of(os.environ)
    if urlsplit(found).scheme not in ("https", "http"):
        return None
    top = _top()

    def link(location: Location) -> str:
        path = _inside(location.file, top)
        if not path:
            return ""
        line = f"#L{location.line}" if location.line else ""
        return f"{found.rstrip('/')}/{quote(path, errors='backslashreplace')}{line}"

    return link


def in_repository() -> Callable[[str], str]:
    """Return what tells a file's path from the top of the repository; as it is outside of one."""
    top = _top()
    return lambda file: _inside(file, top) or file


def _top() -> Path:
    """Return the folder that holds .git, from the current one upwards; else the current one."""
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), here)


def _inside(file: str, top: Path) -> str:
    """Return a file's path from `top`, or "" when it lies elsewhere."""
    path = Path(os.path.normpath(Path.cwd() / file))
    return path.relative_to(top).as_posix() if path.is_relative_to(top) else ""
