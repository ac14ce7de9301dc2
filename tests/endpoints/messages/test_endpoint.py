"""The Messages API as an endpoint."""

from claude_code_proxy.endpoints.messages import COUNT_TOKENS, MESSAGES


def test_both_addresses_are_those_of_the_api() -> None:
    for endpoint in (MESSAGES, COUNT_TOKENS):
        assert endpoint.native is not None
        assert endpoint.native.path == f"/v1{endpoint.path}"


def test_a_count_has_the_apis_shape() -> None:
    assert COUNT_TOKENS.render_count is not None
    assert COUNT_TOKENS.render_count(7) == b'{"input_tokens":7}'
