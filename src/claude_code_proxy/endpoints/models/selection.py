"""Which models can be asked for, and which one a name means: what the shapes of the list share."""

from claude_code_proxy.errors import InvalidRequest
from claude_code_proxy.models.catalogue import Catalogue
from claude_code_proxy.models.model import Model


def named_models(catalogue: Catalogue) -> list[tuple[str, Model]]:
    """Return all names that can be asked for, with their models: ids first, then aliases."""
    models = [(model.id, model) for model in catalogue.listing()]
    return models + [(alias, catalogue.find(alias)) for alias in catalogue.aliases if "*" not in alias]


def find_model(catalogue: Catalogue, name: str) -> Model:
    """Raise `InvalidRequest` (404) for the name of no model."""
    model = catalogue.find(name)
    if not model.known or model.status == "retired":
        hint = f" Use {model.successor} instead." if model.successor else ""
        raise InvalidRequest(
            f"The model `{name}` does not exist or you do not have access to it.{hint}",
            param="model",
            code="model_not_found",
            status=404,
        )
    return model
