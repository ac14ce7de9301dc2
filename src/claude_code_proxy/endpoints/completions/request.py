"""A completion request -> a Messages request: the prompt as the user's, and an instruction to go on from it."""

from msgspec import Struct

from claude_code_proxy import messages
from claude_code_proxy.adjustment import Action, Adjustment
from claude_code_proxy.endpoints.completions.schema import CompletionRequest, ignored_fields
from claude_code_proxy.endpoints.openai.request import (
    MOST_CHOICES,
    check_range,
    to_max_tokens,
    to_metadata,
    to_stop_sequences,
)
from claude_code_proxy.errors import InvalidRequest

CONTINUE = (
    "Write what follows the text of the user's message: the answer if it asks for something, else its continuation "
    "from exactly where it ends. Do not repeat the text, and put nothing around what follows it."
)
FILL = (
    "The user's message holds the text before a gap, in <before>, and the text after it, in <after>. "
    "Write exactly what belongs into the gap, and nothing else."
)
_NAMES = {"stop_sequences": "stop", "metadata": "user"}
_FROM_PROMPT = ("messages", "system")
_EMULATED = Adjustment("prompt", Action.EMULATED, "an instruction asks for what follows the text")


class TranslatedCompletion(Struct, frozen=True):
    """`prompt` is the one text of the request, as it was sent."""

    request: messages.MessagesRequest
    adjustments: tuple[Adjustment, ...]
    prompt: str


def to_messages_request(request: CompletionRequest, default_model: str) -> TranslatedCompletion:
    """Translate a request. Raise `InvalidRequest`."""
    check_range("n", request.n, least=1, most=MOST_CHOICES)
    check_range("temperature", request.temperature, least=0, most=2)
    check_range("top_p", request.top_p, least=0, most=1)
    text = prompt = _prompt(request)
    if request.suffix:
        text = f"<before>{prompt}</before><after>{request.suffix}</after>"
    notes = [_EMULATED, *ignored_fields(request)]
    made = messages.MessagesRequest(
        model=request.model or default_model,
        messages=(messages.InputMessage("user", (messages.Text(text),)),),
        max_tokens=to_max_tokens("max_tokens", request.max_tokens, notes=notes),
        system=(messages.Text(FILL if request.suffix else CONTINUE),),
        stop_sequences=to_stop_sequences(request.stop, notes=notes),
        temperature=request.temperature,
        top_p=request.top_p,
        metadata=to_metadata(request.user),
    )
    return TranslatedCompletion(made, tuple(notes), prompt)


def _prompt(request: CompletionRequest) -> str:
    """Return the one text of the prompt. Raise `InvalidRequest` for several texts or none."""
    prompt = request.prompt
    if isinstance(prompt, list) and prompt and not isinstance(prompt[0], str):
        raise InvalidRequest("Claude reads text, not token numbers.", param="prompt", code="invalid_type")
    if isinstance(prompt, list) and len(prompt) > 1:
        raise InvalidRequest("Send one request for each prompt.", param="prompt", code="invalid_value")
    text = prompt if isinstance(prompt, str) else next((one for one in prompt or () if isinstance(one, str)), "")
    if not text.strip():
        raise InvalidRequest("'prompt' must hold some text.", param="prompt", code="missing_required_parameter")
    return text


def field_name(path: str) -> str:
    """Return the client's name of `path`; `path` itself if both APIs have the field."""
    return "prompt" if path.startswith(_FROM_PROMPT) else _NAMES.get(path, path)
