"""What the requests of OpenAI-shaped endpoints share: how they are typed, and the fields that mean the same in all."""

import hashlib

from msgspec import Struct

from claude_code_proxy import messages
from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.errors import InvalidRequest

MOST_CHOICES = 128
_MOST_TOKENS = 2**53  # the largest whole number that every JSON reader takes


class Wire(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Unknown fields are noticed while decoding, so that each can be named in the adjustments."""


class StreamOptions(Wire, frozen=True):
    include_usage: bool | None = None
    include_obfuscation: bool | None = None


def check_range(name: str, value: float | None, *, least: float, most: float) -> None:
    """Raise `InvalidRequest` for a value out of range."""
    if value is not None and not least <= value <= most:
        raise InvalidRequest(f"'{name}' must be {least} to {most}.", param=name, code="invalid_value")


def to_max_tokens(name: str, value: int | None, *, notes: list[Adjustment]) -> int:
    """Return 0 where no limit is given; some clients send 0 or -1 to say so. Raise `InvalidRequest`."""
    if value is None:
        return 0
    if value == -1:
        notes.append(Adjustment(name, Action.MAPPED, "-1 means no limit, so the model's own maximum holds"))
        return 0
    if value < 0:
        raise InvalidRequest(
            f"Invalid '{name}': integer below minimum value. Expected a value >= 0, but got {value} instead.",
            param=name,
            code="integer_below_min_value",
        )
    return min(value, _MOST_TOKENS)


def to_stop_sequences(stop: str | list[str] | None, *, notes: list[Adjustment]) -> tuple[str, ...]:
    """Return the stop sequences without duplicates and empty strings."""
    if stop is None:
        return ()
    sequences = [stop] if isinstance(stop, str) else stop
    if "" in sequences:
        notes.append(Adjustment("stop", Action.IGNORED, "an empty sequence stops nothing"))
    return tuple(dict.fromkeys(text for text in sequences if text))


def to_metadata(user: str | None) -> messages.Metadata | None:
    """Hash the user's name, because Claude refuses what looks like an e-mail address or phone number."""
    return messages.Metadata(hashlib.sha256(user.encode()).hexdigest()) if user else None
