"""Which shape of the list a client gets: Anthropic's where it speaks that API, Codex's for Codex, else OpenAI's."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from claude_code_proxy.endpoints.models import anthropic, codex, openai
from claude_code_proxy.models.catalogue import Catalogue

_VERSION = b"anthropic-version"
_CODEX_VERSION = "client_version"  # of the query, which Codex alone sends


def render_list(catalogue: Catalogue, *, query: str, headers: Mapping[bytes, bytes]) -> bytes:
    """Return the body of the reply. Raise `InvalidRequest`."""
    if _VERSION in headers:
        return anthropic.render_list(catalogue, dict(parse_qsl(query)))
    if _CODEX_VERSION in dict(parse_qsl(query)):
        return codex.render_list(catalogue)
    return openai.render_list(catalogue)


def render_model(catalogue: Catalogue, name: str, *, headers: Mapping[bytes, bytes]) -> bytes:
    """Return the body of the reply. Raise `InvalidRequest` (404) for the name of no model."""
    if _VERSION in headers:
        return anthropic.render_model(catalogue, name)
    return openai.render_model(catalogue, name)
