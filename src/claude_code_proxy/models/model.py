"""One model as a value: its limits, what it accepts, its prices, its life.

Plain data for adaptation to read, so that no model's name ever stands in control flow. The defaults are those of the
5.x generation; `table.py` states where a model differs.
"""

from typing import Literal

import msgspec
from msgspec.structs import replace

ThinkingKind = Literal["adaptive", "enabled", "disabled", "between_tools"]
Effort = Literal["low", "medium", "high", "xhigh", "max"]
Sampling = Literal["none", "one_of"]
Status = Literal["active", "deprecated", "retired"]

EFFORTS: tuple[Effort, ...] = ("low", "medium", "high", "xhigh", "max")
OFF_KINDS: frozenset[ThinkingKind] = frozenset({"disabled", "between_tools"})


class Rates(msgspec.Struct, frozen=True):
    """USD per million tokens."""

    input: float
    output: float
    write_5m: float
    write_1h: float
    read: float


class Prices(msgspec.Struct, frozen=True):
    """`long` replaces `standard` for the whole request when its prompt has more than `long_over` tokens."""

    standard: Rates
    long: Rates | None = None
    long_over: int = 0


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """Facts about one model; `id` is the name that goes upstream."""

    id: str
    name: str
    released: int  # epoch seconds
    known: bool = True  # False: neither in the table nor in the upstream's list, so these are safe guesses
    snapshots: tuple[str, ...] = ()  # dated ids of the same model, newest first; models from 4.6 on have none

    context_window: int = 1_000_000
    max_output: int = 128_000

    sampling: Sampling = "none"  # none: anything but the default is refused; one_of: temperature or top_p, not both
    thinking: frozenset[ThinkingKind] = frozenset({"adaptive"})
    thinking_default: Literal["on", "off", "always"] = "always"  # when the request says nothing
    thinking_display: Literal["omitted", "summarized"] = "omitted"  # when the request does not set `display`
    efforts: tuple[Effort, ...] = EFFORTS  # empty: the `effort` parameter is refused
    default_effort: Effort | None = "high"
    states_defaults: bool = False  # True: a request names thinking and effort; what serves it has other defaults
    off_max_effort: Effort | None = None  # the highest effort that goes with `disabled` or `between_tools`
    forced_tool_choice: bool = True  # never together with `enabled` thinking
    forced_with_adaptive: bool = True
    prefill: bool = False
    mid_conversation_system: bool = True
    system_after_results: bool = True  # False: a system message right after a tool result may be read as part of it
    structured_outputs: bool = True
    strict_tools: bool = True
    prefix_binding: bool = False  # a signed thinking block is valid only after the very same prefix
    cache_minimum: int = 512  # tokens; a shorter prefix is silently not cached

    lacks_edits: frozenset[str] = frozenset()  # types of `context_management.edits` that are refused
    summarizes: bool = True  # `compaction` of type `summarize`; False: a summary is asked for in words
    fast: Literal["no", "yes", "beta"] = "no"  # `speed: fast`; beta: it needs its beta header
    inference_geo: bool = True
    prices: Prices | None = None

    status: Status = "active"
    successor: str | None = None
    retires_at: str | None = None  # ISO date, once announced

    @property
    def accepts_sampling(self) -> bool:
        return self.sampling != "none"

    @property
    def thinking_off(self) -> ThinkingKind | None:
        """The kind of thinking that switches it off, where the model has one."""
        if "disabled" in self.thinking:
            return "disabled"
        return "between_tools" if "between_tools" in self.thinking else None


def with_thinking(model: Model, kinds: frozenset[ThinkingKind]) -> Model:
    """Return the model with other kinds of thinking, and the default that can still hold with them."""
    if "adaptive" not in kinds or model.thinking_default == "off":
        default: Literal["on", "off", "always"] = "off"  # without adaptive thinking, a model thinks only when told to
    else:
        default = "on" if kinds & OFF_KINDS else "always"
    return replace(model, thinking=kinds, thinking_default=default)


def unknown(model_id: str) -> Model:
    """Safe guesses for a model nobody told us about: what every living model takes, refused by none.

    It is treated like the newest family, which refuses the most: sampling, thinking switched off, forced tools,
    prefill, edited thinking. 64,000 tokens are the most that every living model writes. Late system messages stay
    text, which all models read. Where a guess is wrong, the service says so, and a lesson is learnt.
    """
    return Model(
        id=model_id,
        name=model_id,
        released=0,
        known=False,
        context_window=200_000,
        max_output=64_000,
        efforts=("low", "medium", "high"),
        forced_tool_choice=False,
        mid_conversation_system=False,
        prefix_binding=True,
        summarizes=False,
        cache_minimum=4096,
    )
