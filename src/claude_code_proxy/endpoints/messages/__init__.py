"""The Messages API itself as an endpoint: the identity, and the proof that the seam fits more than one API.

Where the upstream takes requests as they are, nothing is decoded that nobody needs. Start at `endpoint`.
"""

from claude_code_proxy.endpoints.messages.endpoint import COUNT_TOKENS, MESSAGES

__all__ = ["COUNT_TOKENS", "MESSAGES"]
