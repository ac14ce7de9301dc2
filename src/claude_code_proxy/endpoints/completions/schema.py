"""A completion request on the wire. https://platform.openai.com/docs/api-reference/completions/create"""

from msgspec import Raw

from claude_code_proxy.endpoints.openai.request import StreamOptions, Wire
from claude_code_proxy.messages.content import NO_JSON


class CompletionRequest(Wire, frozen=True, kw_only=True):
    """Every field of the API; `support.py` says of each what becomes of it. Null and absent mean the same."""

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
