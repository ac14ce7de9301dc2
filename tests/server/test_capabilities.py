"""What the page about the upstream says."""

import json

from claude_code_proxy.server.capabilities import render_capabilities
from claude_code_proxy.upstreams.upstream import Capability, UpstreamProfile


def test_the_page_names_the_upstream_and_what_it_can() -> None:
    terms = UpstreamProfile(capabilities=(Capability("text", "yes", "as it is"),))
    assert json.loads(render_capabilities("somewhere", terms)) == {
        "upstream": "somewhere",
        "capabilities": [{"name": "text", "carried": "yes", "how": "as it is"}],
    }
