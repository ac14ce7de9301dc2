"""What becomes of each field of a Messages request on its way to Claude Code, as data.

`launch` makes the request's body from it. A test compares it with the hub's types and with what really happens to each
field, so that a new field of the hub cannot be dropped in silence.
"""

from collections.abc import Mapping
from enum import Enum

from msgspec import Struct

from claude_code_proxy import messages


class Delivery(Enum):
    """How a field reaches the service, or why it does not."""

    OPTION = "an option of the process"
    BODY = "merged into the body of each of the process's requests"
    CONVERSATION = "replayed into the process, or its next turn"
    ADAPTED = "removed by adaptation, because `restrict` says that the model does not take it"
    DROPPED = "removed and reported by `drop_unsupported`"
    CONSTANT = "set by the process itself; nothing is lost"


REQUEST: Mapping[str, Delivery] = {
    "model": Delivery.OPTION,
    "messages": Delivery.CONVERSATION,
    "max_tokens": Delivery.BODY,
    "system": Delivery.OPTION,
    "stop_sequences": Delivery.BODY,
    "temperature": Delivery.BODY,
    "top_p": Delivery.BODY,
    "top_k": Delivery.BODY,
    "tools": Delivery.OPTION,
    "tool_choice": Delivery.BODY,
    "thinking": Delivery.BODY,
    "output_config": Delivery.OPTION,
    "metadata": Delivery.DROPPED,
    "service_tier": Delivery.BODY,
    "speed": Delivery.ADAPTED,
    "inference_geo": Delivery.ADAPTED,
    "cache_control": Delivery.DROPPED,
    "container": Delivery.DROPPED,
    "compaction": Delivery.ADAPTED,
    "context_management": Delivery.DROPPED,
    "fallbacks": Delivery.DROPPED,
    "mcp_servers": Delivery.DROPPED,
    "stream": Delivery.CONSTANT,
}
TOOL: Mapping[str, Delivery] = {
    "name": Delivery.OPTION,
    "input_schema": Delivery.OPTION,
    "description": Delivery.OPTION,
    "strict": Delivery.ADAPTED,
    "input_examples": Delivery.DROPPED,
    "eager_input_streaming": Delivery.DROPPED,
    "defer_loading": Delivery.DROPPED,
    "cache_control": Delivery.DROPPED,
}
OUTPUT_CONFIG: Mapping[str, Delivery] = {"effort": Delivery.OPTION, "format": Delivery.ADAPTED}
FIELDS: Mapping[type[Struct], Mapping[str, Delivery]] = {
    messages.MessagesRequest: REQUEST,
    messages.Tool: TOOL,
    messages.OutputConfig: OUTPUT_CONFIG,
}
BODY = tuple(name for name, delivery in REQUEST.items() if delivery is Delivery.BODY)
