"""JSON in an answer, held against its schema: what is wrong with it, in words that the model understands.

What may take long is not done here: `CheckNeeded` is raised, the server has it done elsewhere, and calls again with the
result among the `CheckResults`.
"""

from typing import Any

import jsonschema_rs
import msgspec
from msgspec import Struct

from claude_code_proxy.adaptation.schemas.schema_cache import SchemaCache
from claude_code_proxy.adaptation.schemas.validation_cost import cost_of

_MOST_WORDS = 500  # of a validator's complaint
_UNEXPLAINED = "it is not valid by the JSON Schema."


class SchemaCheck(Struct, frozen=True):
    """Whether `text` is valid JSON by `schema`. `path` is the field of the request that asks for it."""

    schema: bytes
    text: bytes
    path: str


class CheckResults:
    """The checks of one answer that were done: what is wrong, or None. Those in `skipped` took too long.

    `is_final`: no more are done, so an answer passes where another would be needed.
    """

    def __init__(self) -> None:
        self.known: dict[SchemaCheck, str | None] = {}
        self.skipped: list[SchemaCheck] = []
        self.is_final = False


class CheckNeeded(Exception):
    """`check` may take long. `otherwise` is its result if it cannot be done."""

    def __init__(self, check: SchemaCheck, *, otherwise: str | None) -> None:
        super().__init__(check.path)
        self.check = check
        self.otherwise = otherwise


def complaint(schema: bytes, text: str, *, path: str, results: CheckResults) -> str | None:
    """Return what is wrong with `text`, which should be JSON by `schema`; an object, if that is empty.

    Raise `CheckNeeded` if that may take long.
    """
    check = SchemaCheck(schema, text.encode(errors="replace"), path)
    if check not in results.known:
        try:
            results.known[check] = _judged(check)
        except CheckNeeded:
            if not results.is_final:
                raise
            return None
    return results.known[check]


def judge(schema: bytes, text: bytes) -> str | None:
    """Return what is wrong with `text`, which is JSON, or None. It may take any time and memory."""
    validator = _validator(schema)
    value = msgspec.json.decode(text)
    return None if validator is None or _is_valid(validator, value) else _explanation(validator, value)


def _is_valid(validator: jsonschema_rs.Validator, value: object) -> bool:
    try:
        return validator.is_valid(value)
    except ValueError:
        return True  # it is nested deeper than the validator reads, and passes


def _explanation(validator: jsonschema_rs.Validator, value: object) -> str:
    try:
        validator.validate(value)
    except jsonschema_rs.ValidationError as error:
        path = "/".join(map(str, error.instance_path))
        return (f"at /{path}: " if path else "") + f"{error.message[:_MOST_WORDS]}."
    except ValueError:
        pass
    return _UNEXPLAINED


def _judged(check: SchemaCheck) -> str | None:
    try:
        value = msgspec.json.decode(check.text)
    except (msgspec.DecodeError, RecursionError) as error:
        return f"it is not JSON ({error})."
    if not check.schema:
        return None if isinstance(value, dict) else "it is no JSON object."
    validator = _validator(check.schema)
    if validator is None:
        return None
    cost = cost_of(check.schema)
    if not cost.allows_validation(check.text):
        raise CheckNeeded(check, otherwise=None)
    if _is_valid(validator, value):
        return None
    if not cost.allows_explanation(check.text):
        raise CheckNeeded(check, otherwise=_UNEXPLAINED)
    return _explanation(validator, value)


def _refuse(uri: str) -> Any:
    raise ValueError(f"{uri} is not read")  # nothing is fetched


@SchemaCache
def _validator(raw: bytes) -> jsonschema_rs.Validator | None:
    """None where a schema points outwards, or has a pattern that cannot be run: then the answer need only be JSON."""
    try:
        return jsonschema_rs.validator_for(msgspec.json.decode(raw), retriever=_refuse)
    except (ValueError, jsonschema_rs.ValidationError, RecursionError):
        return None
