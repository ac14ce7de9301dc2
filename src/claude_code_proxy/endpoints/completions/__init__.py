"""`POST /v1/completions`: OpenAI's API from before chats, a prompt in and its continuation out."""

from claude_code_proxy.endpoints.completions.endpoint import COMPLETIONS

__all__ = ["COMPLETIONS"]
