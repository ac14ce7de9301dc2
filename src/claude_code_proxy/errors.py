"""The one tree of errors: whose fault it is, and what each side may be told.

An error carries the Messages API's own error type (`kind`); an endpoint renders it in its client's words. `message` and
everything else here is for the client; the private cause rides on `__cause__` and goes to the log alone.

    ProxyError
    ├── InvalidRequest        the caller's request cannot be served; `param` or `path` names the field
    ├── Unauthenticated       no caller's API key, or no credential to go upstream with
    ├── UpstreamRejected      the upstream said no: its status, words and request id are kept, and their `Diagnosis`
    ├── UpstreamUnavailable   the upstream could not be reached, or did not answer in time
    ├── UpstreamBroke         the upstream broke off after it had begun to answer
    ├── Overloaded            this proxy is at one of its own limits
    ├── ServerUnavailable     this proxy has no memory left, or is stopping
    └── Misconfigured         a setting of ours is wrong; the message says how to mend it

No field of an error is changed after it is made. Where more becomes known, `replace` makes another one.
"""

from enum import Enum
from typing import Literal, Self, TypedDict, Unpack

from msgspec import Struct

LackingFact = Literal[
    "forced_tool_choice",
    "forced_with_adaptive",
    "prefill",
    "mid_conversation_system",
    "structured_outputs",
    "strict_tools",
    "inference_geo",
]


class LacksFeature(Struct, frozen=True):
    """The model does not do this at all."""

    fact: LackingFact


class SamplingLimit(Struct, frozen=True):
    """The model takes only one of `temperature` and `top_p`, or no sampling parameter."""

    sampling: Literal["one_of", "none"]


class ThinkingLimit(Struct, frozen=True):
    """The model refuses one `thinking.type`; the refusal may offer others."""

    refused: str
    offered: frozenset[str] = frozenset()


class EffortLimit(Struct, frozen=True):
    """The levels of effort that the model takes; none at all when empty."""

    efforts: tuple[str, ...]


class EffortWithoutThinking(Struct, frozen=True):
    """The highest effort that goes with thinking switched off."""

    effort: str


class OutputLimit(Struct, frozen=True):
    """The highest `max_tokens` of the model."""

    tokens: int


class LacksFastMode(Struct, frozen=True):
    """The model refuses `speed: fast`."""


LearnedLimit = (
    LacksFeature | SamplingLimit | ThinkingLimit | EffortLimit | EffortWithoutThinking | OutputLimit | LacksFastMode
)
"""What a refusal states about a model, for all requests. `models.learned_limits` applies it."""


class DiagnosisKind(Enum):
    """What a refusal means, as far as the proxy acts on it."""

    MODEL_LIMIT = "the model does not take this, in any request"
    THINKING_REFUSED = "signed thinking of the conversation is refused"
    THINKING_BOUND = "signed thinking belongs to another conversation; those before it are fine"
    THINKING_MISSING = "an assistant turn must begin with thinking"
    HOSTED_RESULTS_REFUSED = "results of hosted tools in the conversation are refused"
    GRAMMAR_TOO_COMPLEX = "a schema cannot be made a grammar"
    CONTEXT_OVERFLOW = "the request does not fit into the context window"
    REQUEST_TOO_LARGE = "the body has too many bytes"
    OUT_OF_MONEY = "credit, a spend limit or extra usage is used up or required"
    UNKNOWN_MODEL = "there is no such model, or not for this credential"
    UNKNOWN_BETA = "a value of `anthropic-beta` is not known"
    REFUSED_FIELD = "a field of the request is refused"
    CONTENT_FILTERED = "the answer was stopped by the content filter"
    CREDENTIAL_REFUSED = "the credential is not valid"
    LOGIN_REFUSED = "the credential is valid, but not for this use"
    NOT_THE_API = "what answers at the address (HTTP 404) is not the Messages API"
    OTHER = "none of these"


class Diagnosis(Struct, frozen=True):
    """What a refusal by the upstream means. `upstreams.diagnosis` makes it; everything else matches on its fields.

    `field` is the request field that the refusal begins with, as a Messages path (`tools[3].input_schema`); `block` the
    place of the content block that it names: a message, a block in it, perhaps one within that. `tokens` and `window`
    are those of an overflow, where it states them. With `may_retry` False, the same request is refused again.
    """

    kind: DiagnosisKind = DiagnosisKind.OTHER
    field: str | None = None
    block: tuple[int, ...] = ()
    limit: LearnedLimit | None = None
    tokens: int | None = None
    window: int | None = None
    model: str | None = None  # the name of an unknown model
    betas: tuple[str, ...] = ()  # the unknown ones
    may_retry: bool = True


class ErrorChanges(TypedDict, total=False):
    """The fields that `ProxyError.replace` takes."""

    message: str
    param: str | None
    code: str | None
    retry_after: float | None
    should_retry: bool | None
    request_id: str | None
    attempts: int
    diagnosis: Diagnosis


class ProxyError(Exception):
    """`status` applies until headers are sent; `retry_after` is in seconds; `should_retry` is None if unspecified.

    `param` is the client's name of the field at fault. Whoever does not know it gives `path`, the field's place in the
    Messages request, and the exchange asks the endpoint for the client's name.
    """

    status = 500
    kind = "api_error"
    should_retry: bool | None = None
    request_id: str | None = None
    attempts = 0  # made upstream before this was given up on

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        path: str | None = None,
        code: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.path = path
        self.code = code
        self.retry_after = retry_after

    def replace(self, **changes: Unpack[ErrorChanges]) -> Self:
        """Return the same error with other values, to be raised in place of this one; the cause stays."""
        other = type(self).__new__(type(self))
        Exception.__init__(other, changes.get("message", self.message))
        vars(other).update(vars(self), **changes)
        other.__cause__ = self.__cause__
        return other


class InvalidRequest(ProxyError):
    status = 400
    kind = "invalid_request_error"
    should_retry = False

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        path: str | None = None,
        code: str | None = None,
        status: int = 400,
    ) -> None:
        super().__init__(message, param=param, path=path, code=code)
        self.status = status


class Unauthenticated(ProxyError):
    status = 401
    kind = "authentication_error"
    should_retry = False


class RejectionHeaders(Struct, frozen=True):
    """What the head of a refusal adds to its body; `rate_limits` are `anthropic-ratelimit-*`, lower-case."""

    request_id: str | None = None
    retry_after: float | None = None
    should_retry: bool | None = None
    rate_limits: dict[str, str] = {}


class UpstreamRejected(ProxyError):
    """`status` and `kind` are the upstream's own; `body` is its error body as it came, empty if it was none."""

    def __init__(
        self,
        message: str,
        *,
        status: int,
        kind: str,
        diagnosis: Diagnosis = Diagnosis(),  # noqa: B008 - frozen
        headers: RejectionHeaders = RejectionHeaders(),  # noqa: B008 - frozen
        body: bytes = b"",
    ) -> None:
        super().__init__(message, retry_after=headers.retry_after)
        self.status = status
        self.kind = kind
        self.diagnosis = diagnosis
        self.request_id = headers.request_id
        self.should_retry = headers.should_retry
        self.rate_limits = headers.rate_limits
        self.body = body


class UpstreamUnavailable(ProxyError):
    status = 503
    kind = "api_error"


class UpstreamTimeout(UpstreamUnavailable):
    status = 504
    kind = "timeout_error"


class UpstreamBroke(ProxyError):
    status = 502
    kind = "api_error"


class Overloaded(ProxyError):
    status = 429
    kind = "rate_limit_error"


class ServerUnavailable(ProxyError):
    status = 503
    kind = "overloaded_error"


class Misconfigured(ProxyError):
    status = 500
    kind = "api_error"
    should_retry = False
