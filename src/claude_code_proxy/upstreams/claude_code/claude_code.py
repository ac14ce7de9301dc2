"""Messages served by the owner's own Claude Code: an `Upstream`.

A request goes to the process that holds its conversation, or to a new one into which the history is replayed. Either
way one request from the caller is one request to a model.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from claude_code_proxy import messages
from claude_code_proxy.credentials.credential import Credential
from claude_code_proxy.errors import ProxyError, Unauthenticated, UpstreamBroke, UpstreamTimeout
from claude_code_proxy.upstreams.claude_code.conversation import SplitConversation, digest, split
from claude_code_proxy.upstreams.claude_code.failures import BEGIN_ANEW, HALF_WRITTEN
from claude_code_proxy.upstreams.claude_code.launch import Launch, to_launch
from claude_code_proxy.upstreams.claude_code.pool import SessionPool
from claude_code_proxy.upstreams.claude_code.process import Start
from claude_code_proxy.upstreams.claude_code.session import Session, SessionTurn
from claude_code_proxy.upstreams.retry import OnFailure, ignore_failure, retry
from claude_code_proxy.upstreams.upstream import Call, CallStats

_HALF_WRITTEN_SECONDS = 1.0  # for the writer of the login to finish
_LAST_SECONDS = 60.0  # before a copied login expires, in which no answer is begun with it


class CredentialResolver(Protocol):
    def resolve(self) -> Credential:
        """Return the login. Raise `Unauthenticated` if there is none that Claude Code could use."""


class Freshness(Protocol):
    async def fresh(self) -> bool:
        """Renew the login if it is about to expire; return whether it is valid."""

    def half_written(self) -> bool:
        """Return whether the login cannot be read at this moment."""

    async def after_refusal(self, refused: Credential) -> bool:
        """Return whether there is another login by now; renew it if that is possible."""


class ClaudeCode:
    """An `Upstream`. `seconds` are the longest silences before an answer and within one."""

    def __init__(
        self,
        start: Start,
        pool: SessionPool,
        *,
        login: CredentialResolver,
        renewal: Freshness,
        seconds: tuple[float, float] = (300.0, 600.0),
        on_failure: OnFailure = ignore_failure,
    ) -> None:
        self._start = start
        self._pool = pool
        self._login = login
        self._renewal = renewal
        self._first_seconds, self._idle_seconds = seconds
        self._on_failure = on_failure
        self.pause: Callable[[float], Awaitable[None]] = asyncio.sleep
        self.wall: Callable[[], float] = time.time

    async def create(self, request: messages.MessagesRequest, call: Call) -> tuple[messages.Message, CallStats]:
        try:
            async with asyncio.timeout_at(call.deadline):
                return await self._whole(request, call)
        except TimeoutError as error:
            raise UpstreamTimeout("Claude Code's answer was not complete in time.") from error

    async def _whole(self, request: messages.MessagesRequest, call: Call) -> tuple[messages.Message, CallStats]:
        answer = messages.Accumulator()
        stream = await self.stream(request, call)
        try:
            while (batch := await stream.events()) is not None:
                answer.feed_all(batch)
        finally:
            stream.close()
        return answer.message(), stream.stats

    async def stream(self, request: messages.MessagesRequest, call: Call) -> "SessionEvents":
        """Return when the first events have arrived, so that an earlier failure can be retried."""
        return await retry(
            call,
            lambda stats: self._attempt(request, stats),
            chance=random.random,  # noqa: S311 - spreads retries, guards nothing
            pause=self.pause,
            on_failure=self._on_failure,
        )

    async def close(self) -> None:
        await self._pool.close()

    async def _attempt(self, request: messages.MessagesRequest, stats: CallStats) -> "SessionEvents":
        launch, conversation = to_launch(request), split(request.messages)
        session = self._running_session(launch, conversation)
        fresh = session is None
        if session is None:
            session = await self._new_session(launch, conversation)
        turn = SessionTurn(self._keeper(session, request))
        events = SessionEvents(session, turn, stats=stats, idle_seconds=self._idle_seconds, mask=self._masked)
        try:
            async with asyncio.timeout(self._first_seconds):
                await (
                    session.begin(conversation, turn, start=self._start)
                    if fresh
                    else session.resume(conversation, turn)
                )
                await events.begin()
        except TimeoutError as error:
            events.close()
            raise UpstreamTimeout("Claude Code did not begin to answer in time.") from error
        except BaseException as error:
            events.close()
            stats.begun = turn.begun
            if not isinstance(error, ProxyError):
                raise
            masked = self._masked(error)
            raise (await self._refused_login(masked, session) if error.status == 401 else masked) from error.__cause__
        return events

    def _running_session(self, launch: Launch, conversation: SplitConversation) -> Session | None:
        """Return the session of this conversation, unless its login is a copy that is about to expire."""
        session = self._pool.find(digest(launch.key, conversation.head), conversation) if conversation.head else None
        if session is None or session.copied is None or session.copied.expires_at is None:
            return session
        if session.copied.expires_at - self.wall() > _LAST_SECONDS:
            return session
        session.give_up("login")
        return None

    async def _new_session(self, launch: Launch, conversation: SplitConversation) -> Session:
        self._login.resolve()
        if conversation.past:
            await self._renewal.fresh()
        session = await self._pool.new(launch)
        if conversation.past:
            try:
                session.copied = self._login.resolve()  # it may have changed, or be lost, by now
            except BaseException:
                session.give_up("login")
                raise
        return session

    def _masked(self, error: ProxyError) -> ProxyError:
        """Return the error with the login masked, in case the service repeats it."""
        try:
            login = self._login.resolve()
        except Unauthenticated:
            return error
        return error.replace(message=login.secret.mask_text(error.message))

    async def _refused_login(self, error: ProxyError, session: Session) -> ProxyError:
        """Return the error for a 401. A process with its own login has tried to renew it; one with a copy cannot."""
        if self._renewal.half_written():
            return error.replace(message=HALF_WRITTEN, should_retry=True, retry_after=_HALF_WRITTEN_SECONDS)
        if session.copied is None:
            return error
        if await self._renewal.after_refusal(session.copied):
            return error.replace(should_retry=True, retry_after=0.0)
        return error.replace(message=f"{error.message} {BEGIN_ANEW}")

    def _keeper(self, session: Session, request: messages.MessagesRequest) -> Callable[[messages.Message], None]:
        def keep(message: messages.Message) -> None:
            conversation = (*request.messages, messages.InputMessage("assistant", message.content))
            self._pool.keep(session, digest(session.launch.key, conversation))

        return keep


class SessionEvents:
    """An `EventStream`."""

    def __init__(
        self,
        session: Session,
        turn: SessionTurn,
        *,
        stats: CallStats,
        idle_seconds: float,
        mask: Callable[[ProxyError], ProxyError],
    ) -> None:
        self.stats = stats
        self._mask = mask
        self._session = session
        self._turn = turn
        self._idle_seconds = idle_seconds
        self._ahead: Sequence[messages.Event] | None = None

    async def begin(self) -> None:
        """Wait for the first events. Raise the error if one comes instead."""
        self._ahead = await self._turn.events()

    async def events(self) -> Sequence[messages.Event] | None:
        if self._ahead is not None:
            ahead, self._ahead = self._ahead, None
            return ahead
        try:
            async with asyncio.timeout(self._idle_seconds):
                return await self._turn.events()
        except TimeoutError as error:
            self.close()
            raise UpstreamBroke("Claude Code sent nothing for too long in the middle of its answer.") from error
        except ProxyError as error:
            raise self._mask(error) from error.__cause__

    def close(self) -> None:
        if not self._turn.ended:
            self._session.give_up("left")
