"""Which field of a completion request a place in its Messages request was made from."""

_NAMES = {"stop_sequences": "stop", "metadata": "user"}
_FROM_PROMPT = ("messages", "system")


def field_name(path: str) -> str:
    """Return the client's name of `path`; `path` itself if both APIs have the field."""
    return "prompt" if path.startswith(_FROM_PROMPT) else _NAMES.get(path, path)
