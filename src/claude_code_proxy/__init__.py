"""An OpenAI-compatible API in front of the Anthropic Messages API."""

__version__ = "0.1.0"
