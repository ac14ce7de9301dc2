"""What becomes of each field of a Messages request on its way to Claude Code, as data.

`launch` writes the request's body by it. A test holds it to the hub's types and to what really happens to each field,
so that a field that is added to the hub cannot be dropped in silence.
"""

from collections.abc import Mapping
from enum import Enum

from msgspec import Struct

from claude_code_proxy import messages


class Way(Enum):
    """How a field reaches the service, or why it does not."""

    OPTION = "an option of the process"
    BODY = "merged into the body of each of the process's requests"
    CONVERSATION = "replayed into the process, or its next turn"
    ADAPTED = "removed by adaptation, because `restrict` says that the model does not take it"
    DROPPED = "removed and reported by `drop_unsupported`"
    CONSTANT = "set by the process itself; nothing is lost"


REQUEST: Mapping[str, Way] = {
    "model": Way.OPTION,
    "messages": Way.CONVERSATION,
    "max_tokens": Way.BODY,
    "system": Way.OPTION,
    "stop_sequences": Way.BODY,
    "temperature": Way.BODY,
    "top_p": Way.BODY,
    "top_k": Way.BODY,
    "tools": Way.OPTION,
    "tool_choice": Way.BODY,
    "thinking": Way.BODY,
    "output_config": Way.OPTION,
    "metadata": Way.DROPPED,
    "service_tier": Way.BODY,
    "speed": Way.ADAPTED,
    "inference_geo": Way.ADAPTED,
    "cache_control": Way.DROPPED,
    "stream": Way.CONSTANT,
}
TOOL: Mapping[str, Way] = {
    "name": Way.OPTION,
    "input_schema": Way.OPTION,
    "description": Way.OPTION,
    "strict": Way.ADAPTED,
    "input_examples": Way.DROPPED,
    "eager_input_streaming": Way.DROPPED,
    "cache_control": Way.DROPPED,
}
OUTPUT_CONFIG: Mapping[str, Way] = {"effort": Way.OPTION, "format": Way.ADAPTED}
FIELDS: Mapping[type[Struct], Mapping[str, Way]] = {
    messages.MessagesRequest: REQUEST,
    messages.Tool: TOOL,
    messages.OutputConfig: OUTPUT_CONFIG,
}
BODY = tuple(name for name, way in REQUEST.items() if way is Way.BODY)
