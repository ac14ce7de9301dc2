"""The support tables of all endpoints -> the text of `docs/compatibility.md`, which a test holds to them."""

from collections.abc import Iterator

from msgspec import Struct

from claude_code_proxy.endpoints.chat_completions.support import TABLES as CHAT_COMPLETIONS
from claude_code_proxy.endpoints.completions.schema import TABLES as COMPLETIONS
from claude_code_proxy.endpoints.responses.support import TABLES as RESPONSES
from claude_code_proxy.endpoints.support import HEADERS, Fate, Support, Table

_INTRODUCTION = """\
# Compatibility

What becomes of each field of a request. Generated from the support tables of each endpoint, whose ignored fields also
drive the code: do not edit it here, run `make documents`.

| support | meaning |
|---|---|
| mapped | Claude has it |
| emulated | the proxy does it |
| ignored | there is no counterpart; the `x-claude-proxy-adjustments` header names it whenever it asks for something |
| **ignored** | the same, and the answer may differ from what was asked for: a 400 when `STRICT` is set |
| refused | a 400 that names the field |

Null and absent mean the same everywhere. Fields that an API does not have are ignored and named in the header. What a
model does not take is adjusted to it, and named in the same way.

A body may be compressed: `content-encoding: gzip` or `deflate`, and `zstd` where the proxy runs on Python 3.14. The
limits hold for what it becomes. Any other coding is a 415.
"""


class Api(Struct, frozen=True):
    path: str
    tables: tuple[Table, ...]


APIS = (
    Api("/v1/chat/completions", CHAT_COMPLETIONS),
    Api("/v1/responses", RESPONSES),
    Api("/v1/completions", COMPLETIONS),
)


def render() -> str:
    apis = [line for api in APIS for line in _api(api)]
    return "\n".join([_INTRODUCTION, *apis, f"## {HEADERS.title}\n", *_rows(HEADERS)])


def _api(api: Api) -> Iterator[str]:
    yield f"## `POST {api.path}`\n"
    for table in api.tables:
        yield f"### {table.title}\n"
        yield from _rows(table)


def _rows(table: Table) -> Iterator[str]:
    yield "| field | support | reason |\n|---|---|---|"
    yield from (_row(name, support) for name, support in table.rows.items())
    yield ""


def _row(name: str, support: Support) -> str:
    fate = f"**{support.fate}**" if support.fate is Fate.IGNORED and support.changes_meaning else str(support.fate)
    return f"| `{name}` | {fate} | {support.reason} |"
