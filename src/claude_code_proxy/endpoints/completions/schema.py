"""A completion request on the wire, and what becomes of each field: the table drives code, documents and a test.

https://platform.openai.com/docs/api-reference/completions/create
"""

from msgspec import Raw

from claude_code_proxy.endpoints.openai.request import StreamOptions, Wire
from claude_code_proxy.endpoints.support import Fate, IgnoredFields, Support, Table
from claude_code_proxy.messages.content import NO_JSON

_MAPPED, _EMULATED, _IGNORED = Fate.MAPPED, Fate.EMULATED, Fate.IGNORED
_ZERO = (b"0", b"0.0")

REQUEST: dict[str, Support] = {
    "prompt": Support(
        _EMULATED, "One text; an instruction asks for what follows it. Several or token numbers are a 400."
    ),
    "model": Support(_MAPPED, "Any Claude id, aliases from the settings; DEFAULT_MODEL when there is none."),
    "stream": Support(_MAPPED, "Server-sent chunks, as they come."),
    "stream_options": Support(_MAPPED, "`include_usage` adds the usage chunk; there is no padding to leave out."),
    "max_tokens": Support(_MAPPED, "None, 0 or -1 means the model's own maximum, not 16."),
    "temperature": Support(_MAPPED, "Up to 1, on models that take sampling parameters; left out on others."),
    "top_p": Support(_MAPPED, "On models that take sampling parameters, and only when there is no temperature."),
    "stop": Support(_MAPPED, "Any number; sequences that Claude refuses (white space only) are cut by the proxy."),
    "n": Support(_EMULATED, "One upstream request for each choice; usage is the sum."),
    "suffix": Support(_EMULATED, "An instruction asks for what stands between prompt and suffix."),
    "echo": Support(_EMULATED, "The proxy puts the prompt before the answer."),
    "user": Support(_MAPPED, "Hashed into `metadata.user_id`."),
    "best_of": Support(_IGNORED, "Claude gives no probabilities to choose the best by.", True, (b"1",)),
    "logprobs": Support(_IGNORED, "Claude tells no token probabilities.", True),
    "logit_bias": Support(_IGNORED, "Claude has no token biases.", True, (b"{}",)),
    "frequency_penalty": Support(_IGNORED, "Claude has no penalties.", True, _ZERO),
    "presence_penalty": Support(_IGNORED, "Claude has no penalties.", True, _ZERO),
    "seed": Support(_IGNORED, "Claude cannot be seeded; equal requests may be answered differently."),
}


class CompletionRequest(Wire, frozen=True, kw_only=True):
    """Every field of the API; `REQUEST` says what becomes of each. Null and absent mean the same."""

    prompt: str | list[str | int | list[int]] | None = None
    model: str | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: str | list[str] | None = None
    n: int | None = None
    suffix: str | None = None
    echo: bool | None = None
    user: str | None = None
    best_of: Raw = NO_JSON
    frequency_penalty: Raw = NO_JSON
    logit_bias: Raw = NO_JSON
    logprobs: Raw = NO_JSON
    presence_penalty: Raw = NO_JSON
    seed: Raw = NO_JSON


TABLES = (Table("Request fields", REQUEST),)

ignored_fields = IgnoredFields(REQUEST).adjustments
