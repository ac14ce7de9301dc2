"""`POST /v1/chat/completions`: OpenAI's Chat Completions API, translated straight to and from Messages.

`schema` has the wire types, `support` what becomes of each field, `request` and `conversation` the way down, `response`
and `stream` the way up. Nothing here knows what a model takes (that is adaptation's part), and nothing does I/O.
Start at `support` for a field, at `endpoint` for the whole.
"""

from claude_code_proxy.endpoints.chat_completions.endpoint import CHAT_COMPLETIONS

__all__ = ["CHAT_COMPLETIONS"]
