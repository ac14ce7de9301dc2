"""Which shape of the list a client gets: Anthropic's where it speaks Anthropic's API, else OpenAI's."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from claude_code_proxy.endpoints.models import anthropic, openai
from claude_code_proxy.models.catalogue import Catalogue

_VERSION = b"anthropic-version"


def render_list(catalogue: Catalogue, *, query: str, headers: Mapping[bytes, bytes]) -> bytes:
    """Return the body of the reply. Raise `InvalidRequest`."""
    if _VERSION in headers:
        return anthropic.render_list(catalogue, dict(parse_qsl(query)))
    return openai.render_list(catalogue)


def render_model(catalogue: Catalogue, name: str, *, headers: Mapping[bytes, bytes]) -> bytes:
    """Return the body of the reply. Raise `InvalidRequest` (404) for the name of no model."""
    if _VERSION in headers:
        return anthropic.render_model(catalogue, name)
    return openai.render_model(catalogue, name)
