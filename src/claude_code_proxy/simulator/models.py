"""What each model accepts: a table of the simulator's own, written from the service's documentation.

A translation mistake that comes from a wrong row in the proxy's catalogue must be able to fail here.
"""

from dataclasses import dataclass, replace

ADAPTIVE_ALWAYS = frozenset({"adaptive"})
ADAPTIVE_OR_OFF = frozenset({"adaptive", "disabled"})
BETWEEN_TOOLS = frozenset({"adaptive", "between_tools"})
BUDGET = frozenset({"enabled", "disabled"})
BUDGET_OR_ADAPTIVE = frozenset({"adaptive", "enabled", "disabled"})

THREE_EFFORTS = ("low", "medium", "high")
FOUR_EFFORTS = ("low", "medium", "high", "max")
ALL_EFFORTS = ("low", "medium", "high", "xhigh", "max")


@dataclass(frozen=True, kw_only=True)
class SimulatedModel:
    """What one model accepts.

    `efforts_without_thinking` are the levels at which thinking may be off; `mid_system` and `fast` are "yes", "ignored"
    or "no".
    """

    id: str
    display_name: str
    created_at: str
    line: str
    generation: float
    aliases: tuple[str, ...] = ()
    lifecycle: str = "active"
    retires_at: str | None = None
    window: int = 1_000_000
    max_output: int = 128_000
    sampling: bool = False
    thinking: frozenset[str] = ADAPTIVE_OR_OFF
    thinks_by_default: bool = True
    shows_thinking: bool = False
    efforts_without_thinking: tuple[str, ...] = ALL_EFFORTS
    efforts: tuple[str, ...] = ALL_EFFORTS
    forced_tools: bool = True
    prefill: bool = False
    cache_minimum: int = 512
    mid_system: str = "no"
    binds_prefix: bool = False
    enforces_for_all: bool = False
    fast: str = "no"

    @property
    def compacts(self) -> bool:
        return self.generation >= 4.6

    @property
    def chars_per_token(self) -> int:
        """Characters of one token: the tokenizer changed at 4.7, and the same text has about 30 % more tokens."""
        return 3 if self.generation >= 4.7 else 4

    @property
    def max_images(self) -> int:
        return 600 if self.window > 200_000 else 100

    @property
    def refuses_old_computer_tools(self) -> bool:
        return self.generation >= 5.5

    @property
    def supports_geo(self) -> bool:
        return self.generation >= 4.6

    def reads_thinking_of(self, writer: "SimulatedModel") -> bool:
        """Tell whether this model reads the thinking of another.

        Newer models read that of older ones; fable and mythos read every line, and no other line reads theirs.
        """
        if writer.id == self.id:
            return True
        grand = {"fable", "mythos"}
        if writer.line in grand and writer.generation >= 5.1:
            return self.line in grand and self.generation >= writer.generation
        if writer.binds_prefix:
            return self.line in grand and self.generation >= 5.1
        return not (self.binds_prefix and self.line not in grand and writer.line in grand)


_CURRENT = SimulatedModel(id="", display_name="", created_at="", line="", generation=5, mid_system="yes")
_BUDGETED = SimulatedModel(
    id="",
    display_name="",
    created_at="",
    line="",
    generation=4.5,
    window=200_000,
    max_output=64_000,
    sampling=True,
    thinking=BUDGET,
    thinks_by_default=False,
    shows_thinking=True,
    efforts=(),
    prefill=True,
    cache_minimum=4096,
)
_ALWAYS_THINKING = replace(_CURRENT, thinking=ADAPTIVE_ALWAYS)
_WITHOUT_FORCED_TOOLS = replace(_ALWAYS_THINKING, forced_tools=False)

MODELS = (
    replace(
        _WITHOUT_FORCED_TOOLS,
        id="claude-fable-5-2",
        display_name="Claude Fable 5.2",
        created_at="2026-11-09T00:00:00Z",
        line="fable",
        generation=5.2,
        binds_prefix=True,
        enforces_for_all=True,
        fast="yes",
    ),
    replace(
        _WITHOUT_FORCED_TOOLS,
        id="claude-mythos-5-2",
        display_name="Claude Mythos 5.2",
        created_at="2026-11-09T00:00:00Z",
        line="mythos",
        generation=5.2,
        binds_prefix=True,
        enforces_for_all=True,
        fast="yes",
    ),
    replace(
        _CURRENT,
        id="claude-haiku-5-5",
        display_name="Claude Haiku 5.5",
        created_at="2026-10-07T00:00:00Z",
        line="haiku",
        generation=5.5,
        binds_prefix=True,
        efforts_without_thinking=THREE_EFFORTS,
    ),
    replace(
        _CURRENT,
        id="claude-sonnet-5-5",
        display_name="Claude Sonnet 5.5",
        created_at="2026-09-28T00:00:00Z",
        line="sonnet",
        generation=5.5,
        binds_prefix=True,
        thinking=BETWEEN_TOOLS,
        efforts_without_thinking=THREE_EFFORTS,
        forced_tools=False,
    ),
    replace(
        _WITHOUT_FORCED_TOOLS,
        id="claude-opus-5-5",
        display_name="Claude Opus 5.5",
        created_at="2026-09-22T00:00:00Z",
        line="opus",
        generation=5.5,
        binds_prefix=True,
        fast="yes",
    ),
    replace(
        _WITHOUT_FORCED_TOOLS,
        id="claude-fable-5-1",
        display_name="Claude Fable 5.1",
        created_at="2026-09-01T00:00:00Z",
        line="fable",
        generation=5.1,
        binds_prefix=True,
    ),
    replace(
        _WITHOUT_FORCED_TOOLS,
        id="claude-mythos-5-1",
        display_name="Claude Mythos 5.1",
        created_at="2026-09-01T00:00:00Z",
        line="mythos",
        generation=5.1,
    ),
    replace(
        _CURRENT,
        id="claude-opus-5",
        display_name="Claude Opus 5",
        created_at="2026-07-24T00:00:00Z",
        line="opus",
        efforts_without_thinking=THREE_EFFORTS,
        fast="yes",
    ),
    replace(
        _CURRENT,
        id="claude-sonnet-5",
        display_name="Claude Sonnet 5",
        created_at="2026-06-30T00:00:00Z",
        line="sonnet",
        cache_minimum=1024,
        mid_system="ignored",
    ),
    replace(
        _ALWAYS_THINKING,
        id="claude-fable-5",
        display_name="Claude Fable 5",
        created_at="2026-06-09T00:00:00Z",
        line="fable",
    ),
    replace(
        _ALWAYS_THINKING,
        id="claude-mythos-5",
        display_name="Claude Mythos 5",
        created_at="2026-06-09T00:00:00Z",
        line="mythos",
    ),
    replace(
        _CURRENT,
        id="claude-opus-4-8",
        display_name="Claude Opus 4.8",
        created_at="2026-05-28T00:00:00Z",
        line="opus",
        generation=4.8,
        thinks_by_default=False,
        cache_minimum=1024,
        fast="yes",
    ),
    replace(
        _CURRENT,
        id="claude-opus-4-7",
        display_name="Claude Opus 4.7",
        created_at="2026-04-16T00:00:00Z",
        line="opus",
        generation=4.7,
        thinks_by_default=False,
        cache_minimum=2048,
        mid_system="no",
    ),
    replace(
        _BUDGETED,
        id="claude-sonnet-4-6",
        display_name="Claude Sonnet 4.6",
        created_at="2026-02-17T00:00:00Z",
        line="sonnet",
        generation=4.6,
        window=1_000_000,
        max_output=128_000,
        thinking=BUDGET_OR_ADAPTIVE,
        efforts=FOUR_EFFORTS,
        prefill=False,
        cache_minimum=1024,
    ),
    replace(
        _BUDGETED,
        id="claude-opus-4-6",
        display_name="Claude Opus 4.6",
        created_at="2026-02-05T00:00:00Z",
        line="opus",
        generation=4.6,
        window=1_000_000,
        max_output=128_000,
        thinking=BUDGET_OR_ADAPTIVE,
        efforts=FOUR_EFFORTS,
        prefill=False,
        fast="ignored",
    ),
    replace(
        _BUDGETED,
        id="claude-opus-4-5-20251101",
        aliases=("claude-opus-4-5",),
        display_name="Claude Opus 4.5",
        created_at="2025-11-24T00:00:00Z",
        line="opus",
        efforts=THREE_EFFORTS,
    ),
    replace(
        _BUDGETED,
        id="claude-haiku-4-5-20251001",
        aliases=("claude-haiku-4-5",),
        display_name="Claude Haiku 4.5",
        created_at="2025-10-15T00:00:00Z",
        line="haiku",
    ),
    replace(
        _BUDGETED,
        id="claude-sonnet-4-5-20250929",
        aliases=("claude-sonnet-4-5",),
        display_name="Claude Sonnet 4.5",
        created_at="2025-09-29T00:00:00Z",
        line="sonnet",
        lifecycle="deprecated",
        retires_at="2026-11-30T00:00:00Z",
        cache_minimum=1024,
    ),
)

_BY_NAME = {name: model for model in MODELS for name in (model.id, *model.aliases)}


def find(name: str) -> SimulatedModel | None:
    """Return a model by id or alias; a retired model is not in the table."""
    return _BY_NAME.get(name)
