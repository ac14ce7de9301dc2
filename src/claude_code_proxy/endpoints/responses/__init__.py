"""The Responses API as an endpoint: items of input -> a Messages request, a Message -> items of output.

Here live its types, both translations and its support tables. State does not: what is kept of a response is decided by
the exchange. Start with `endpoint`; `stream` makes every reply, whole ones too.
https://platform.openai.com/docs/api-reference/responses
"""

from claude_code_proxy.endpoints.responses.endpoint import input_tokens_endpoint, responses_endpoint

__all__ = ["input_tokens_endpoint", "responses_endpoint"]
