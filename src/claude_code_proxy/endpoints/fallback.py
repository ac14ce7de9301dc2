"""The envelope of a reply that no endpoint makes: a 404, a refusal at the gate, a fault of the HTTP server."""

from collections.abc import Mapping

from claude_code_proxy.endpoints.envelope import Envelope
from claude_code_proxy.endpoints.messages.envelope import ANTHROPIC
from claude_code_proxy.endpoints.openai.envelope import OPENAI

_MESSAGES = "/messages"


def fallback_envelope(path: str, headers: Mapping[bytes, bytes]) -> Envelope:
    """Return Anthropic's envelope where the request is in its API's form, else OpenAI's."""
    return ANTHROPIC if b"anthropic-version" in headers or _MESSAGES in path else OPENAI
