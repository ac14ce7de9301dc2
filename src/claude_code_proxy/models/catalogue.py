"""The catalogue: which model a name means, and what is known of it. A frozen value that the server swaps.

Made of the table, what the upstream's list says, the lessons learnt from refusals (which outlast a refreshed list), and
the aliases of the settings.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from msgspec import structs

from claude_code_proxy.errors import LearnedLimit
from claude_code_proxy.models import learned_limits, names
from claude_code_proxy.models.model import Model, unknown
from claude_code_proxy.models.table import MODELS
from claude_code_proxy.models.upstream_list import ModelInfo, merge


@dataclass(frozen=True, slots=True)
class Catalogue:
    """`models` by key (see `names`), `aliases` by lower-case name, `listed` the upstream's ids, once they are known."""

    models: Mapping[str, Model]
    aliases: Mapping[str, str] = field(default_factory=dict)
    listed: tuple[str, ...] | None = None
    learnt: Mapping[str, tuple[LearnedLimit, ...]] = field(default_factory=dict)

    def find(self, name: str) -> Model:
        """Return the model that a name means; its `id` is what to send upstream. Never fails: see `unknown`.

        Options at the end of a name that is not known itself are no part of it: see `options`.
        """
        requested = self._aliased(name)
        plain = self.models.get(requested)  # written as its key, a name needs no parsing
        if plain is not None:
            return self._taught(requested, plain) if self.learnt else plain
        requested, _ = self._split(requested)
        parsed = names.parse(requested)
        model = self._named(parsed.key)
        if model is None:
            spelling = requested.strip() if names.is_of_another_service(requested) else parsed.spelling
            return self._taught(parsed.key, unknown(spelling))
        return self._taught(parsed.key, _dated(model, parsed))

    def options(self, name: str) -> names.NameOptions:
        """Return what a name asks for besides the model."""
        requested = self._aliased(name)
        return names.NO_OPTIONS if requested in self.models else self._split(requested)[1]

    def with_aliases(self, aliases: Mapping[str, str]) -> "Catalogue":
        return replace(self, aliases={name.strip().lower(): target for name, target in aliases.items()})

    def with_upstream(self, infos: Iterable[ModelInfo]) -> "Catalogue":
        """With the upstream's own word on windows, thinking, effort and lifecycle."""
        models, listed = dict(self.models), []
        for info in infos:
            parsed = names.parse(info.id)
            model = models.get(parsed.key) or unknown(info.id)
            models[parsed.key] = merge(model, info)
            listed.append(info.id)
        return replace(self, models=models, listed=tuple(listed))

    def with_limit(self, model_id: str, limit: LearnedLimit) -> "Catalogue":
        """With one thing more that the service told us about a model."""
        key = names.parse(model_id).key
        known = self.learnt.get(key, ())
        return self if limit in known else replace(self, learnt={**self.learnt, key: (*known, limit)})

    def listing(self) -> tuple[Model, ...]:
        """Return the models that are served: those the upstream lists, in its order; else the table's, newest first."""
        if self.listed is not None:
            models = tuple(structs.replace(self.find(listed), id=listed) for listed in self.listed)
        else:
            models = tuple(sorted(self.models.values(), key=lambda model: -model.released))
        return tuple(model for model in models if model.status != "retired")

    def _aliased(self, name: str) -> str:
        if not self.aliases:
            return name
        requested = name.strip().lower()
        bare = requested.rpartition("/")[2]
        found = self.aliases.get(requested) or self.aliases.get(bare)
        return found or self._matched(requested) or self._matched(bare) or name

    def _matched(self, requested: str) -> str | None:
        """Return the first alias with a `*` that fits the name; a name of a model never stands for another."""
        if any(names.parse(name).key in self.models for name in (requested, names.split_options(requested)[0])):
            return None
        return next((to for alias, to in self.aliases.items() if "*" in alias and fnmatchcase(requested, alias)), None)

    def _split(self, requested: str) -> tuple[str, names.NameOptions]:
        """Return the name without its options. A name that is known is whole; so is one of which no part is known."""
        if self._named(names.parse(requested).key) is not None:
            return requested, names.NO_OPTIONS
        bare, options = names.split_options(requested)
        if bare == requested.strip().lower():
            return requested, names.NO_OPTIONS
        bare, of_alias = self._split(self._aliased(bare))
        if self._named(names.parse(bare).key) is None:
            return requested, names.NO_OPTIONS
        has_thinking = options.has_thinking or of_alias.has_thinking
        return bare, names.NameOptions(options.effort or of_alias.effort, has_thinking)

    def _named(self, key: str) -> Model | None:
        return self.models.get(key) or self._newest_of_line(key)

    def _newest_of_line(self, key: str) -> Model | None:
        """Return the model that `claude-opus` or `claude-opus-latest` means: of those listed, once a list is known."""
        line = names.line(key)
        if key != f"claude-{line}":
            return None
        listed = {names.parse(model_id).key for model_id in self.listed or ()}
        of_line = [
            (known in listed, model.released, model)
            for known, model in self.models.items()
            if model.status == "active" and names.line(model.id) == line
        ]
        return max(of_line, key=lambda row: row[:2])[2] if of_line else None

    def _taught(self, key: str, model: Model) -> Model:
        for limit in self.learnt.get(key, ()):
            model = learned_limits.apply_limit(limit, model)
        return model


def _dated(model: Model, parsed: names.Name) -> Model:
    """Return the model under the dated id of the request; one without snapshots is its own snapshot."""
    if not parsed.date or not model.snapshots:
        return model
    known = (snapshot for snapshot in model.snapshots if snapshot.endswith(parsed.date))
    return structs.replace(model, id=next(known, parsed.spelling))


BUILT_IN = Catalogue({names.parse(model.id).key: model for model in MODELS})
