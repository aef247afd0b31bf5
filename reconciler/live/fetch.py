"""One URL, read whole: every page of it, with secrets where they are needed and allowed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from reconciler.kinds.kind import Read
from reconciler.live.answer import Answer
from reconciler.live.client import Client
from reconciler.live.deadline import Deadline
from reconciler.live.errors import ApiError, ProtocolError
from reconciler.live.request import Request, names_in, path_of
from reconciler.model.live import Presence

UrlKey: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]
"""Path and query, the latter without what asks for secrets."""


@dataclass(slots=True, kw_only=True)
class Url:
    """What is read in one go.

    page: (key of the cursor in the answer, query parameter it is sent back in), for a paged list.
    secrets: what is added to the query to ask for secrets; empty when nobody needs them.
    """

    path: str
    query: Mapping[str, str]
    page: tuple[str, str] | None = None
    secrets: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> UrlKey:
        return self.path, tuple(sorted(self.query.items()))


class Urls(dict[UrlKey, Url]):
    """URLs that are to be read, each once however many objects are on it."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[tuple[str | None, ...], UrlKey] = {}

    def add(self, read: Read, values: Mapping[str, str], *, secrets: bool) -> UrlKey:
        """Add the URL of one object's read; `values` are those of its identity. Raises PathError."""
        names = names_in(read.path)
        wish = (read.path, *read.query, *read.query.values(), *(values.get(name) for name in names))
        key = self._known.get(wish)
        if key is None:
            url = Url(path=path_of(read.path, values), query=read.query, page=read.page)
            key = self._known[wish] = url.key
            self.setdefault(key, url)
        if secrets:
            self[key].secrets.update(read.secrets)
        return key


class _IncompleteError(Exception):
    """A list of which only a part could be read."""


class Fetcher:
    """Reads URLs and remembers where this token may not see secrets.

    denied: path → the API's reason, where a read with secrets was refused and one without was not.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self.denied: dict[str, str] = {}

    async def read(self, url: Url, secrets: Mapping[str, str], deadline: Deadline) -> Answer:
        """Return what the URL told.

        404 is ABSENT; any other refusal, 5xx and an unreadable answer after the client's tries, and a
        list that breaks off are UNKNOWN. Raises UnauthorizedError, UnreachableError, DeadlineError.
        """
        asked = {} if url.path in self.denied else secrets
        try:
            pages = await self._pages(url, {**url.query, **asked}, deadline)
        except ApiError as err:
            if err.status == 403 and asked:
                return await self._without_secrets(url, deadline, err)
            if err.status == 404:
                return Answer(presence=Presence.ABSENT)
            return _unknown(err)
        except ProtocolError as err:
            return _unknown(err)
        except _IncompleteError as err:
            return Answer(presence=Presence.UNKNOWN, why=str(err))
        return Answer(pages=pages, shows_secrets=bool(asked))

    async def _without_secrets(self, url: Url, deadline: Deadline, refusal: ApiError) -> Answer:
        answer = await self.read(url, {}, deadline)
        if answer.presence is Presence.PRESENT:
            self.denied[url.path] = refusal.message
        return answer

    async def _pages(
        self, url: Url, query: Mapping[str, str], deadline: Deadline
    ) -> list[dict[str, Any]]:
        first = await self._client.call(_get(url, query), deadline)
        pages = [first]
        if url.page is None:
            return pages
        key, parameter = url.page
        seen: set[str] = set()
        while cursor := pages[-1].get(key):
            if not isinstance(cursor, str | int) or str(cursor) in seen:
                raise _IncompleteError(f"the list at {url.path} does not end: a page comes twice")
            seen.add(str(cursor))
            request = _get(url, {**query, parameter: str(cursor)})
            try:
                pages.append(await self._client.call(request, deadline))
            except (ApiError, ProtocolError) as err:
                why = f"page {len(pages) + 1} of the list at {url.path} could not be read"
                raise _IncompleteError(f"{why}: {err.detail}") from err
        return pages


def _get(url: Url, query: Mapping[str, str]) -> Request:
    return Request(method="GET", path=url.path, query=query)


def _unknown(error: ApiError | ProtocolError) -> Answer:
    return Answer(presence=Presence.UNKNOWN, why=error.detail, error=error)
