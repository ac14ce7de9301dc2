"""Key, version and betas: what is refused before the body is read."""

from collections.abc import Collection, Mapping

from claude_code_proxy.simulator import betas
from claude_code_proxy.simulator.refusal import Refusal

VERSIONS = frozenset({"2023-06-01", "2026-10-21"})


def check_key(headers: Mapping[str, str], allowed: Collection[str] | None) -> None:
    """Accept any made-up key unless `allowed` lists some; a bearer token that is no API key needs its beta."""
    bearer = headers.get("authorization", "")
    key = headers.get("x-api-key", "")
    if not key and bearer[:7].lower() == "bearer ":
        key = bearer[7:].strip()
        if key and not key.startswith("sk-ant-api") and betas.OAUTH not in beta_values(headers):
            raise Refusal("OAuth authentication is currently not supported.", 401)
    if not key:
        raise Refusal("x-api-key header is required", 401)
    if allowed is not None and key not in allowed:
        raise Refusal("invalid x-api-key" if headers.get("x-api-key") else "Invalid bearer token", 401)


def check_version(headers: Mapping[str, str]) -> str:
    version = headers.get("anthropic-version", "")
    if not version:
        raise Refusal("anthropic-version: header is required")
    if version not in VERSIONS:
        raise Refusal(f'anthropic-version: "{version}" is not a valid version')
    return version


def beta_values(headers: Mapping[str, str]) -> frozenset[str]:
    return frozenset(value.strip() for value in headers.get("anthropic-beta", "").split(",") if value.strip())


def check_betas(headers: Mapping[str, str]) -> frozenset[str]:
    values = beta_values(headers)
    unknown = ", ".join(f"`{value}`" for value in sorted(values - betas.KNOWN))
    if unknown:
        raise Refusal(
            f"Unexpected value(s) {unknown} for the `anthropic-beta` header. Please consult our documentation at "
            "platform.claude.com/docs or try again without the header."
        )
    return values
