"""The table: every Claude model, newest first, as the service's documentation has it in November 2026.

Each row says where a model differs from the defaults of `Model`. Prices are USD per million tokens, in the order
input, output, 5-minute cache write, 1-hour cache write, cache read.
"""

from datetime import UTC, datetime
from typing import Final

from claude_code_proxy.models.model import Model, Prices, Rates


def _day(date: str) -> int:
    return int(datetime.fromisoformat(date).replace(tzinfo=UTC).timestamp())


_FABLE_5_2 = Prices(Rates(8, 40, 10, 16, 0.20))
_FABLE_5_1 = Prices(Rates(10, 50, 12.5, 20, 0.25))
_FABLE_5 = Prices(Rates(10, 50, 12.5, 20, 1.00))
_OPUS_5_5 = Prices(Rates(4, 20, 5, 8, 0.20))
_OPUS = Prices(Rates(5, 25, 6.25, 10, 0.50))
_SONNET_5_5 = Prices(Rates(2, 10, 2.5, 4, 0.10))
_SONNET_5 = Prices(Rates(2, 10, 2.5, 4, 0.20))
_SONNET_4 = Prices(Rates(3, 15, 3.75, 6, 0.30))
_HAIKU_5_5 = Prices(Rates(0.10, 0.50, 0.125, 0.20, 0.01), long=Rates(0.50, 2.50, 0.625, 1.00, 0.05), long_over=100_000)
_COMPACTION: Final = "compact_20260112"
_HAIKU_4_5 = Prices(Rates(1, 5, 1.25, 2, 0.10))

_FAMILY_5: Final = (
    Model(
        id="claude-fable-5-2",
        name="Claude Fable 5.2",
        released=_day("2026-11-09"),
        forced_tool_choice=False,
        prefix_binding=True,
        fast="yes",
        prices=_FABLE_5_2,
    ),
    Model(
        id="claude-mythos-5-2",
        name="Claude Mythos 5.2",
        released=_day("2026-11-09"),
        forced_tool_choice=False,
        prefix_binding=True,
        fast="yes",
        prices=_FABLE_5_2,
    ),
    Model(
        id="claude-haiku-5-5",
        name="Claude Haiku 5.5",
        released=_day("2026-10-07"),
        thinking=frozenset({"adaptive", "disabled"}),
        thinking_default="on",
        default_effort="medium",
        off_max_effort="high",
        system_after_results=False,
        prefix_binding=True,
        prices=_HAIKU_5_5,
    ),
    Model(
        id="claude-sonnet-5-5",
        name="Claude Sonnet 5.5",
        released=_day("2026-09-28"),
        thinking=frozenset({"adaptive", "between_tools"}),
        thinking_default="on",
        off_max_effort="high",
        forced_tool_choice=False,
        prefix_binding=True,
        prices=_SONNET_5_5,
    ),
    Model(
        id="claude-opus-5-5",
        name="Claude Opus 5.5",
        released=_day("2026-09-22"),
        default_effort="medium",
        forced_tool_choice=False,
        prefix_binding=True,
        fast="yes",
        prices=_OPUS_5_5,
    ),
    Model(
        id="claude-fable-5-1",
        name="Claude Fable 5.1",
        released=_day("2026-09-01"),
        forced_tool_choice=False,
        prefix_binding=True,
        prices=_FABLE_5_1,
    ),
    Model(
        id="claude-mythos-5-1",
        name="Claude Mythos 5.1",
        released=_day("2026-09-01"),
        forced_tool_choice=False,
        prices=_FABLE_5_1,
    ),
    Model(
        id="claude-opus-5",
        name="Claude Opus 5",
        released=_day("2026-07-24"),
        thinking=frozenset({"adaptive", "disabled"}),
        thinking_default="on",
        off_max_effort="high",
        fast="beta",
        prices=_OPUS,
    ),
    Model(
        id="claude-sonnet-5",
        name="Claude Sonnet 5",
        released=_day("2026-06-30"),
        thinking=frozenset({"adaptive", "disabled"}),
        thinking_default="on",
        mid_conversation_system=False,  # accepted, but the model does not heed it
        cache_minimum=1024,
        prices=_SONNET_5,
    ),
    Model(id="claude-fable-5", name="Claude Fable 5", released=_day("2026-06-09"), prices=_FABLE_5),
    Model(id="claude-mythos-5", name="Claude Mythos 5", released=_day("2026-06-09"), prices=_FABLE_5),
)

_FAMILY_4: Final = (
    Model(
        id="claude-opus-4-8",
        name="Claude Opus 4.8",
        released=_day("2026-05-28"),
        thinking=frozenset({"adaptive", "disabled"}),
        thinking_default="off",
        cache_minimum=1024,
        fast="beta",
        prices=_OPUS,
    ),
    Model(
        id="claude-opus-4-7",
        name="Claude Opus 4.7",
        released=_day("2026-04-16"),
        thinking=frozenset({"adaptive", "disabled"}),
        thinking_default="off",
        mid_conversation_system=False,
        cache_minimum=2048,
        prices=_OPUS,
    ),
    Model(
        id="claude-sonnet-4-6",
        name="Claude Sonnet 4.6",
        released=_day("2026-02-17"),
        sampling="one_of",
        thinking=frozenset({"adaptive", "enabled", "disabled"}),
        thinking_default="off",
        thinking_display="summarized",
        efforts=("low", "medium", "high", "max"),
        mid_conversation_system=False,
        cache_minimum=1024,
        prices=_SONNET_4,
    ),
    Model(
        id="claude-opus-4-6",
        name="Claude Opus 4.6",
        released=_day("2026-02-05"),
        sampling="one_of",
        thinking=frozenset({"adaptive", "enabled", "disabled"}),
        thinking_default="off",
        thinking_display="summarized",
        efforts=("low", "medium", "high", "max"),
        mid_conversation_system=False,
        cache_minimum=4096,
        prices=_OPUS,
    ),
    Model(
        id="claude-opus-4-5",
        name="Claude Opus 4.5",
        released=_day("2025-11-24"),
        snapshots=("claude-opus-4-5-20251101",),
        context_window=200_000,
        max_output=64_000,
        sampling="one_of",
        thinking=frozenset({"enabled", "disabled"}),
        thinking_default="off",
        thinking_display="summarized",
        efforts=("low", "medium", "high"),
        prefill=True,
        lacks_edits=frozenset({_COMPACTION}),
        summarizes=False,
        mid_conversation_system=False,
        cache_minimum=4096,
        inference_geo=False,
        prices=_OPUS,
    ),
    Model(
        id="claude-haiku-4-5",
        name="Claude Haiku 4.5",
        released=_day("2025-10-15"),
        snapshots=("claude-haiku-4-5-20251001",),
        context_window=200_000,
        max_output=64_000,
        sampling="one_of",
        thinking=frozenset({"enabled", "disabled"}),
        thinking_default="off",
        thinking_display="summarized",
        efforts=(),
        default_effort=None,
        prefill=True,
        lacks_edits=frozenset({_COMPACTION}),
        summarizes=False,
        mid_conversation_system=False,
        cache_minimum=4096,
        inference_geo=False,
        prices=_HAIKU_4_5,
    ),
    Model(
        id="claude-sonnet-4-5",
        name="Claude Sonnet 4.5",
        released=_day("2025-09-29"),
        snapshots=("claude-sonnet-4-5-20250929",),
        context_window=200_000,
        max_output=64_000,
        sampling="one_of",
        thinking=frozenset({"enabled", "disabled"}),
        thinking_default="off",
        thinking_display="summarized",
        efforts=(),
        default_effort=None,
        prefill=True,
        lacks_edits=frozenset({_COMPACTION}),
        summarizes=False,
        mid_conversation_system=False,
        cache_minimum=1024,
        inference_geo=False,
        prices=_SONNET_4,
        status="deprecated",
        successor="claude-sonnet-5-5",
        retires_at="2026-11-30",
    ),
)


def _retired(
    model_id: str, name: str, *snapshots: str, lived: tuple[str, str], successor: str, max_output: int = 4096
) -> Model:
    """Return a model that the service no longer answers for; an upstream of another make may still have it."""
    return Model(
        id=model_id,
        name=name,
        released=_day(lived[0]),
        snapshots=snapshots,
        context_window=200_000,
        max_output=max_output,
        sampling="one_of",
        thinking=frozenset({"enabled", "disabled"}) if max_output > 8192 else frozenset(),
        thinking_default="off",
        thinking_display="summarized",
        efforts=(),
        default_effort=None,
        forced_with_adaptive=False,
        prefill=True,
        lacks_edits=frozenset({_COMPACTION}),
        summarizes=False,
        mid_conversation_system=False,
        structured_outputs=False,
        strict_tools=False,
        cache_minimum=4096,
        inference_geo=False,
        status="retired",
        successor=successor,
        retires_at=lived[1],
    )


_OPUS_NOW, _SONNET_NOW, _HAIKU_NOW = "claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5"

_RETIRED: Final = (
    Model(
        id="claude-mythos-preview",
        name="Claude Mythos Preview",
        released=_day("2026-04-07"),
        thinking=frozenset({"adaptive", "enabled"}),
        forced_tool_choice=False,
        mid_conversation_system=False,
        cache_minimum=2048,
        prices=_FABLE_5,
        status="retired",
        successor="claude-mythos-5-2",
        retires_at="2026-06-30",
    ),
    _retired(
        "claude-opus-4-1",
        "Claude Opus 4.1",
        "claude-opus-4-1-20250805",
        lived=("2025-08-05", "2026-08-05"),
        successor=_OPUS_NOW,
        max_output=32_000,
    ),
    _retired(
        "claude-opus-4",
        "Claude Opus 4",
        "claude-opus-4-20250514",
        lived=("2025-05-22", "2026-06-15"),
        successor=_OPUS_NOW,
        max_output=32_000,
    ),
    _retired(
        "claude-sonnet-4",
        "Claude Sonnet 4",
        "claude-sonnet-4-20250514",
        lived=("2025-05-22", "2026-06-15"),
        successor=_SONNET_NOW,
        max_output=64_000,
    ),
    _retired(
        "claude-3-7-sonnet",
        "Claude Sonnet 3.7",
        "claude-3-7-sonnet-20250219",
        lived=("2025-02-24", "2026-02-19"),
        successor=_SONNET_NOW,
        max_output=64_000,
    ),
    _retired(
        "claude-3-5-haiku",
        "Claude Haiku 3.5",
        "claude-3-5-haiku-20241022",
        lived=("2024-10-22", "2026-02-19"),
        successor=_HAIKU_NOW,
        max_output=8192,
    ),
    _retired(
        "claude-3-5-sonnet",
        "Claude Sonnet 3.5",
        "claude-3-5-sonnet-20241022",
        "claude-3-5-sonnet-20240620",
        lived=("2024-06-20", "2025-10-28"),
        successor=_SONNET_NOW,
        max_output=8192,
    ),
    _retired(
        "claude-3-haiku",
        "Claude Haiku 3",
        "claude-3-haiku-20240307",
        lived=("2024-03-07", "2026-04-20"),
        successor=_HAIKU_NOW,
    ),
    _retired(
        "claude-3-opus",
        "Claude Opus 3",
        "claude-3-opus-20240229",
        lived=("2024-02-29", "2026-01-05"),
        successor=_OPUS_NOW,
    ),
    _retired(
        "claude-3-sonnet",
        "Claude Sonnet 3",
        "claude-3-sonnet-20240229",
        lived=("2024-02-29", "2025-07-21"),
        successor=_SONNET_NOW,
    ),
    _retired("claude-2.1", "Claude 2.1", lived=("2023-11-21", "2025-07-21"), successor=_SONNET_NOW),
    _retired("claude-2.0", "Claude 2", lived=("2023-07-11", "2025-07-21"), successor=_SONNET_NOW),
    _retired("claude-instant-1.2", "Claude Instant 1.2", lived=("2023-08-09", "2024-11-06"), successor=_HAIKU_NOW),
)

MODELS: Final = _FAMILY_5 + _FAMILY_4 + _RETIRED
