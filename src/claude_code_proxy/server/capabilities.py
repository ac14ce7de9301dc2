"""`GET /v1/capabilities`: what the upstream in use can do and what it cannot."""

import msgspec

from claude_code_proxy.upstreams.upstream import Capability, UpstreamProfile


class _Page(msgspec.Struct):
    upstream: str
    capabilities: tuple[Capability, ...]


def render_capabilities(upstream: str, terms: UpstreamProfile) -> bytes:
    return msgspec.json.encode(_Page(upstream, terms.capabilities))
