"""`models`: print what each model takes and costs. The same rows, as Markdown, are in `docs/models.md`."""

from collections.abc import Iterable

from claude_code_proxy.cli.standard_output import report
from claude_code_proxy.models.catalogue import BUILT_IN, Catalogue
from claude_code_proxy.models.model import Model
from claude_code_proxy.settings import Settings

HEADINGS = ("model", "window", "output", "$ in", "$ out", "thinking", "efforts", "sampling", "forced tools", "until")


LEGEND = {
    "window": "the context window, in tokens",
    "output": "the highest max_tokens",
    "$ in, $ out": "USD per million tokens; after a slash, the price for long prompts",
    "thinking": "the ways in which the model thinks, and its default",
    "efforts": "the levels of reasoning effort, and the default",
    "sampling": "whether temperature or top_p is taken, one of them; – neither",
    "forced tools": "whether tool_choice can force a call; – the proxy asks for it in words",
    "until": "when the model is retired",
}


def run(settings: Settings) -> int:
    report(text(BUILT_IN.with_aliases(settings.model_aliases)))
    return 0


def text(catalogue: Catalogue) -> str:
    """Return a table for a terminal, with its legend and the aliases below it."""
    rows = [HEADINGS, *map(_row, catalogue.listing())]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    aliases = [f"{name} = {catalogue.find(name).id}" for name in catalogue.aliases]
    legend = [f"  {name:13} {meaning}" for name, meaning in LEGEND.items()]
    end = ["", "aliases: " + ", ".join(aliases)] if aliases else []
    return "\n".join([*lines, "", *legend, *end])


def markdown(catalogue: Catalogue) -> str:
    """Return two tables: the models that are served, and those that no longer are, with their successors."""
    retired = [model for model in catalogue.models.values() if model.status == "retired"]
    rows = ((f"`{model.id}`", str(model.retires_at), f"`{model.successor}`") for model in retired)
    return (
        "## Served\n\n"
        + _markdown_table(HEADINGS, map(_row, catalogue.listing()))
        + "\n## Retired\n\n"
        + _markdown_table(("model", "until", "now"), rows)
    )


def _markdown_table(headings: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(cells) + " |" for cells in rows]
    return "\n".join(["| " + " | ".join(headings) + " |", "|" + "---|" * len(headings), *lines]) + "\n"


def _row(model: Model) -> tuple[str, ...]:
    return (
        model.id,
        _count(model.context_window),
        _count(model.max_output),
        *_prices(model),
        _thinking(model),
        f"{' '.join(model.efforts)} ({model.default_effort})" if model.efforts else "–",
        "one of" if model.accepts_sampling else "–",
        "yes" if model.forced_tool_choice else "–",
        model.retires_at or "–",
    )


def _count(tokens: int) -> str:
    return f"{tokens // 1_000_000}M" if tokens >= 1_000_000 else f"{tokens // 1000}K"


def _prices(model: Model) -> tuple[str, str]:
    """Return USD per million tokens, of input and output; after a slash the price for long prompts, if it differs."""
    prices = model.prices
    if prices is None:
        return "–", "–"
    if prices.long is None:
        return f"{prices.standard.input:g}", f"{prices.standard.output:g}"
    return (
        f"{prices.standard.input:g}/{prices.long.input:g}",
        f"{prices.standard.output:g}/{prices.long.output:g}",
    )


def _thinking(model: Model) -> str:
    kinds = ", ".join(kind for kind in ("adaptive", "enabled", "between_tools", "disabled") if kind in model.thinking)
    return f"{kinds} ({model.thinking_default})" if kinds else "–"
