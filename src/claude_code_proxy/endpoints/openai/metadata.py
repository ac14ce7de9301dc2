"""The labels that callers attach to what is kept: at most 16, with OpenAI's limits of length and its words."""

from collections.abc import Mapping

from claude_code_proxy.errors import InvalidRequest

_MOST_PAIRS, _LONGEST_KEY, _LONGEST_VALUE = 16, 64, 512


def check_metadata(metadata: Mapping[str, str] | None) -> dict[str, str]:
    """Return the labels. Raise `InvalidRequest` if there are too many or one is too long."""
    labels = dict(metadata or {})
    if len(labels) > _MOST_PAIRS:
        raise InvalidRequest(
            f"Invalid 'metadata': too many properties. Expected an object with at most {_MOST_PAIRS} properties, but "
            f"got an object with {len(labels)} properties instead.",
            param="metadata",
            code="object_above_max_properties",
        )
    for key, value in labels.items():
        _check_length("metadata", key, most=_LONGEST_KEY)
        _check_length(f"metadata.{key}", value, most=_LONGEST_VALUE)
    return labels


def _check_length(param: str, text: str, *, most: int) -> None:
    if len(text) > most:
        raise InvalidRequest(
            f"Invalid '{param}': string too long. Expected a string with maximum length {most}, but got a string with "
            f"length {len(text)} instead.",
            param=param,
            code="string_above_max_length",
        )
