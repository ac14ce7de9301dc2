"""The Messages API itself as an endpoint: the identity, and the proof that the seam fits more than one API.

`native` reads a body that is passed on as it is, `request` and `response` translate to the hub's types where the
upstream cannot take it so, `envelope` has the API's errors. Nothing is added to a request here. Start at `endpoint`.
"""

from claude_code_proxy.endpoints.messages.endpoint import COUNT_TOKENS, MESSAGES

__all__ = ["COUNT_TOKENS", "MESSAGES"]
