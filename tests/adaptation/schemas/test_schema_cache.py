"""Results are kept, but never more than fit."""

from claude_code_proxy.adaptation.schemas.schema_cache import LARGEST, SchemaCache


def test_the_same_schema_is_looked_at_once() -> None:
    seen: list[bytes] = []
    cache = SchemaCache[None](seen.append)
    for schema in (b"{}", b"{}", b"[]", b"{}"):
        cache(schema)
    assert seen == [b"{}", b"[]"]


def test_a_large_schema_is_not_kept() -> None:
    seen: list[int] = []
    cache = SchemaCache[None](lambda schema: seen.append(len(schema)))
    for size in (LARGEST, LARGEST + 1) * 2:
        cache(b"x" * size)
    assert seen == [LARGEST, LARGEST + 1, LARGEST + 1]


def test_all_together_stay_small() -> None:
    seen: list[bytes] = []
    cache = SchemaCache[None](seen.append)
    schemas = [b"%0*d" % (LARGEST, number) for number in range(200)]  # 6.5 MB
    for schema in schemas:
        cache(schema)
    cache(schemas[-1])
    assert len(seen) == 200, "the last are there"
    cache(schemas[0])
    assert len(seen) == 201, "the first are not"
