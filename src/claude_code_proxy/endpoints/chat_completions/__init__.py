"""`POST /v1/chat/completions`: OpenAI's Chat Completions API, translated straight to and from Messages."""

from claude_code_proxy.endpoints.chat_completions.endpoint import CHAT_COMPLETIONS

__all__ = ["CHAT_COMPLETIONS"]
