"""Completions as the exchange is handed them."""

from claude_code_proxy.endpoints.completions import COMPLETIONS
from tests.endpoints.completions.completion_replies import decode_completion
from tests.endpoints.replies import CONTEXT


def test_where_it_is_found() -> None:
    assert (COMPLETIONS.path, COMPLETIONS.id_prefix) == ("/completions", "cmpl-")


def test_what_was_asked() -> None:
    assert (decode_completion().stream, decode_completion().n) == (False, 1)
    assert (decode_completion(stream=True).stream, decode_completion(n=3).n) == (True, 3)
    assert len(decode_completion(n=3).translators(CONTEXT)) == 3


def test_unknown_fields_are_named() -> None:
    assert [note.path for note in decode_completion(zz=1).adjustments] == ["prompt", "zz"]
