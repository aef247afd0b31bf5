"""Reading objects with as few calls as there are URLs: all of them once, or one again, freshly.

How a read that fails ends:

- 404 of the read that decides presence: the object is absent.
- Any other refusal, a list that could not be read whole or holds the object twice: UNKNOWN, with why.
- 5xx and unreadable answers, after the client's tries: UNKNOWN too. A powered-off service answers 503
  to some reads, and that must not hide the rest of the plan. When nothing at all could be read, that
  error is raised.
- The token, the connection, the deadline: raised, for the run as a whole. Only a fresh read takes a
  broken connection for UNKNOWN, because whoever waits for an object looks again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from reconciler.kinds.kind import Kind
from reconciler.live.answer import Answer
from reconciler.live.client import Client
from reconciler.live.deadline import Deadline
from reconciler.live.errors import ApiError, PathError, UnreachableError
from reconciler.live.fetch import Fetcher, Url, UrlKey, Urls
from reconciler.live.reading import Reader
from reconciler.live.request import secrets_in
from reconciler.live.shared import SharedReads
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.live import LiveObject, ObjectKey, Presence

NOTHING: frozenset[str] = frozenset()

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRequest:
    """An object to read.

    attributes: those needed; a read that tells only others is not made. secrets: whether sensitive
    ones are needed; else the API is not asked to show any.
    """

    kind: Kind
    identity: str
    attributes: frozenset[str] = NOTHING
    secrets: bool = False


@dataclass(frozen=True, slots=True)
class _Reading:
    """How one object is read: the URL of each of its kind's reads, None for one that is not made."""

    reader: Reader
    identity: str
    values: Mapping[str, str]
    urls: tuple[UrlKey | None, ...]

    def object_from(self, answers: Mapping[UrlKey, Answer]) -> LiveObject:
        told = [None if key is None else answers[key] for key in self.urls]
        return self.reader.object_from(self.identity, self.values, told)


_Planned: TypeAlias = _Reading | LiveObject
"""How an object is read, or what is known of one that cannot be."""


class Snapshot:
    """Reads objects of the API; one GET per URL serves all objects on it."""

    def __init__(self, client: Client, parallelism: int | None = None) -> None:
        self._client = client
        self._parallelism = parallelism or client.parallelism
        self._fetcher = Fetcher(client)
        self._readers: dict[str, Reader] = {}
        self._shared: SharedReads[UrlKey, Answer] = SharedReads(client.timing)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Warnings about what this token may not see, one for each URL."""
        return tuple(
            Diagnostic(
                summary="Secrets cannot be read",
                detail=f"{path} could be read without secrets only ({why}),"
                " so changes of secrets there cannot be seen.",
                hint="use a token that may read secrets, if they matter here",
                severity=Severity.WARNING,
            )
            for path, why in sorted(self._fetcher.denied.items())
        )

    async def read_all(
        self, requests: Iterable[ReadRequest], deadline: Deadline
    ) -> dict[ObjectKey, LiveObject]:
        """Return every object asked for; raise CallError when no plan can be made (see above)."""
        urls = Urls()
        planned = {
            (request.kind.name, request.identity): self._plan(request, urls)
            for request in _joined(requests)
        }
        answers = await self._read_urls(urls, deadline)
        secrets = any(url.secrets for url in urls.values())
        return {
            key: self._object(reading, answers, secrets=secrets) for key, reading in planned.items()
        }

    async def fresh(
        self,
        kind: Kind,
        identity: str,
        deadline: Deadline,
        *,
        since: float,
        attributes: AbstractSet[str] = NOTHING,
        secrets: bool = False,
    ) -> LiveObject:
        """Return the object as told by reads that started after `since`, on the client's clock.

        Everybody who waits for a URL at the same time shares one GET of it. Raises UnauthorizedError,
        DeadlineError.
        """
        urls = Urls()
        wish = ReadRequest(
            kind=kind, identity=identity, attributes=frozenset(attributes), secrets=secrets
        )
        reading = self._plan(wish, urls)
        reads = (self._read_shared(url, deadline, since) for url in urls.values())
        answers = dict(zip(urls, await asyncio.gather(*reads), strict=True))
        return self._object(reading, answers, secrets=secrets)

    def _object(
        self, planned: _Planned, answers: Mapping[UrlKey, Answer], *, secrets: bool
    ) -> LiveObject:
        """Return the object; the secrets it shows are masked in every message from now on."""
        found = _object_from(planned, answers)
        if secrets:
            self._client.remember(secrets_in(found.attributes))
        return found

    async def _read_shared(self, url: Url, deadline: Deadline, since: float) -> Answer:
        async def read(secrets: Mapping[str, str], until: Deadline) -> Answer:
            try:
                return await self._fetcher.read(url, secrets, until)
            except UnreachableError as err:
                return Answer(presence=Presence.UNKNOWN, why=err.detail, error=err)

        return await self._shared.get(url.key, read, deadline, since=since, secrets=url.secrets)

    def _plan(self, request: ReadRequest, urls: Urls) -> _Planned:
        """Return how the object is read, having added what that needs to `urls`."""
        kind = request.kind
        reader = self._readers.get(kind.name)
        if reader is None or reader.kind is not kind:
            reader = self._readers[kind.name] = Reader(kind)
        keys: list[UrlKey | None] = [None] * len(kind.reads)
        try:
            values = kind.identity_values(request.identity)
            for index, read in reader.reads_for(request.attributes):
                keys[index] = urls.add(read, values, secrets=request.secrets)
        except ValueError:
            form = "/".join(kind.identity)
            return _unknown(f"its id does not have the form {form}")
        except PathError as err:
            return _unknown(err.diagnostics[0].detail)
        return _Reading(reader, request.identity, values, tuple(keys))

    async def _read_urls(
        self, urls: Mapping[UrlKey, Url], deadline: Deadline
    ) -> dict[UrlKey, Answer]:
        answers: dict[UrlKey, Answer] = {}

        async def read(key: UrlKey) -> None:
            url = urls[key]
            answers[key] = await self._fetcher.read(url, url.secrets, deadline)

        await _each(urls, read, self._parallelism)
        _raise_if_nothing_answers(answers)
        return answers


async def _each(items: Iterable[T], work: Callable[[T], Awaitable[None]], workers: int) -> None:
    """Do the work for every item, by so many workers; raise the first error as it is."""
    waiting = iter(items)

    async def take() -> None:
        for item in waiting:
            await work(item)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(take())
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None


def _raise_if_nothing_answers(answers: Mapping[UrlKey, Answer]) -> None:
    """Raise when the API failed everywhere: a plan of nothing but question marks helps nobody."""
    if answers and all(_has_failed(answer) for answer in answers.values()):
        error = next(iter(answers.values())).error
        if error:
            raise error


def _has_failed(answer: Answer) -> bool:
    error = answer.error
    return error is not None and not (isinstance(error, ApiError) and error.status < 500)


def _joined(requests: Iterable[ReadRequest]) -> Iterable[ReadRequest]:
    """Return one request for each object, which asks for all that was asked for it."""
    joined: dict[ObjectKey, ReadRequest] = {}
    for request in requests:
        key = (request.kind.name, request.identity)
        had = joined.get(key)
        joined[key] = request if had is None else _both(had, request)
    return joined.values()


def _both(one: ReadRequest, other: ReadRequest) -> ReadRequest:
    return ReadRequest(
        kind=one.kind,
        identity=one.identity,
        attributes=one.attributes | other.attributes,
        secrets=one.secrets or other.secrets,
    )


def _object_from(reading: _Planned, answers: Mapping[UrlKey, Answer]) -> LiveObject:
    return reading if isinstance(reading, LiveObject) else reading.object_from(answers)


def _unknown(why: str) -> LiveObject:
    return LiveObject(presence=Presence.UNKNOWN, why=why)
