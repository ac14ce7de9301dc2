"""The checks of `doctor` that ask the upstream: whether it answers, takes the credential, and has the same time."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from email.utils import parsedate_to_datetime

import msgspec

from claude_code_proxy import messages
from claude_code_proxy.credentials.advice import is_refusal, remedy
from claude_code_proxy.credentials.chain import CredentialSource
from claude_code_proxy.errors import DiagnosisKind, ProxyError, UpstreamRejected
from claude_code_proxy.server.assembly import Assembly, make_transport
from claude_code_proxy.settings import Settings
from claude_code_proxy.upstreams.anthropic.messages_api import MessagesApi
from claude_code_proxy.upstreams.upstream import Call

SKEW_SECONDS = 60.0
_SECONDS = 60.0


class Check(msgspec.Struct, frozen=True):
    """One check: its name, whether it passed, what was found, and what to do if it failed."""

    check: str
    ok: bool
    found: str
    do: str = ""


def screen(checks: Sequence[Check]) -> str:
    """Return the checks as text for people."""
    width = max(len(check.check) for check in checks)
    lines: list[str] = []
    for check in checks:
        lines.append(f"{'ok  ' if check.ok else 'FAIL'}  {check.check:{width}}  {check.found}")
        if check.do:
            lines.append(f"{'':{width + 6}}  → {check.do}")
    return "\n".join(lines)


async def upstream(settings: Settings, source: CredentialSource) -> list[Check]:
    """Check that it can be reached, takes the credential, and has our time, since tokens expire by the clock."""
    base = settings.anthropic_api_base
    transport = make_transport(settings, 1)
    api = MessagesApi(transport, source, workspace_id=settings.anthropic_workspace_id)
    try:
        response = await transport.request(b"HEAD", b"/", deadline=asyncio.get_running_loop().time() + _SECONDS)
        date = response.headers.get(b"date", b"").decode("latin-1")
        response.close()
        access = [] if source.through_claude_code else await _access(api, source)
    except ProxyError as error:
        return [Check("upstream", ok=False, found=f"{base}: {error.message}", do="check the network or HTTPS_PROXY")]
    finally:
        await transport.close()
    return [Check("upstream", ok=True, found=f"{base} answers"), *access, *_clock(date)]


async def _access(api: MessagesApi, source: CredentialSource) -> list[Check]:
    """Read the list of models, which costs nothing; no check without a credential. Raise `ProxyError`, if no answer."""
    if not source.readiness().ok:
        return []
    credential = source.resolve()
    try:
        infos = await asyncio.wait_for(api.models(), _SECONDS)
    except TimeoutError:
        return [Check("access", ok=False, found=f"GET /v1/models: no answer within {_SECONDS:g} s", do="try again")]
    except UpstreamRejected as error:
        found = f"GET /v1/models: HTTP {error.status}: {error.message}"
        if is_refusal(error):
            return [Check("access", ok=False, found=found, do=remedy(credential))]
        status = 404 if error.diagnosis.kind is DiagnosisKind.NOT_THE_API else error.status
        if status in {404, 405, 501}:
            return [Check("access", ok=True, found=f"not checked: it has no list of models (HTTP {status})")]
        return [Check("access", ok=False, found=found, do=_remedy(error))]
    return [Check("access", ok=True, found=f"GET /v1/models: {len(infos)} models, with {credential.origin}")]


def _clock(date: str) -> list[Check]:
    with suppress(ValueError):
        skew = time.time() - parsedate_to_datetime(date).timestamp()
        close = abs(skew) <= SKEW_SECONDS
        do = "" if close else "set this machine's clock, for instance by NTP"
        return [Check("clock", close, f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} the upstream's", do)]
    return []


async def model_answers(settings: Settings) -> Check:
    question = messages.InputMessage("user", (messages.Text("Say ok."),))
    name = settings.default_model
    assembly = Assembly(replace(settings, max_concurrent=1), files=256)
    begun = time.perf_counter()
    try:
        model = assembly.state.catalogue.find(name)
        request = messages.MessagesRequest(model.id, (question,), max_tokens=min(1024, model.max_output))
        deadline = asyncio.get_running_loop().time() + _SECONDS
        await assembly.upstream.create(request, Call(retries=0, deadline=deadline))
    except ProxyError as error:
        return Check("a model answers", ok=False, found=f"{name}: {error.message}", do=_remedy(error))
    finally:
        await assembly.close()
    return Check("a model answers", ok=True, found=f"{name}, after {time.perf_counter() - begun:.1f} s")


def _remedy(error: ProxyError) -> str:
    remedies: dict[int, str] = {
        401: "fix the credential above",
        404: "set DEFAULT_MODEL to a model that the account has",
        429: "wait until the account's limit is over",
    }
    return remedies.get(error.status, "try again; if it stays, look at the log")
