"""A model that stands in the address of a request, as Azure's clients send it, and perhaps in the body as well."""

import msgspec
from msgspec import Struct

from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.endpoints.messages.splice import replace_field
from claude_code_proxy.models.catalogue import Catalogue

_NOTE = Adjustment(
    "model", Action.MAPPED, "the address names another model than the body; the address decides", changes_meaning=True
)


class _Named(Struct):
    model: str | None = None


_decode = msgspec.json.Decoder(_Named).decode


def with_path_model(body: bytes, model: str, *, catalogue: Catalogue) -> tuple[bytes, tuple[Adjustment, ...]]:
    """Return the body with the model of the address in it, and what that changed.

    A body without a model, or with the same one under another name, stays as it is; so does one that cannot be read,
    which its endpoint refuses.
    """
    try:
        named = _decode(body).model
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return body, ()
    if not named or catalogue.find(named).id == catalogue.find(model).id:
        return body, ()
    return replace_field(body, "model", value=model), (_NOTE,)
