"""`POST /v1/completions`: OpenAI's API from before chats, a prompt in and its continuation out.

`schema` has the wire types and the support table, `request` the way down, `response` and `stream` the way up;
`endpoint` puts them together. No I/O, clock or randomness. Start at `schema.REQUEST` for what becomes of a field.
"""

from claude_code_proxy.endpoints.completions.endpoint import COMPLETIONS

__all__ = ["COMPLETIONS"]
