"""The hub: the Anthropic Messages API as types, with no logic but decoding.

Imported by module, so that the side shows: `from claude_code_proxy import messages`, then `messages.ToolUse`.
https://platform.claude.com/docs/en/api/messages
"""

from claude_code_proxy.messages.content import (
    Base64Source,
    Block,
    CacheControl,
    ContentSource,
    Document,
    FileSource,
    Image,
    RedactedThinking,
    SearchResult,
    ServerToolUse,
    Text,
    TextSource,
    Thinking,
    ToolResult,
    ToolUse,
    UnknownBlock,
    UrlSource,
    WebSearchToolResult,
    decode_block,
)
from claude_code_proxy.messages.errors import ErrorBody, decode_error
from claude_code_proxy.messages.events import (
    CitationsDelta,
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    ErrorEvent,
    Event,
    InputJsonDelta,
    MessageDelta,
    MessageStart,
    MessageStop,
    Ping,
    SignatureDelta,
    TextDelta,
    ThinkingDelta,
    UnknownDelta,
    UnknownEvent,
    decode_event,
)
from claude_code_proxy.messages.accumulate import Accumulator, as_events
from claude_code_proxy.messages.request import (
    Adaptive,
    BetweenTools,
    ChooseAny,
    ChooseAuto,
    ChooseNone,
    ChooseTool,
    Disabled,
    Enabled,
    HostedTool,
    InputMessage,
    JsonObject,
    JsonSchema,
    MessagesRequest,
    Metadata,
    OutputConfig,
    OutputFormat,
    ThinkingConfig,
    Tool,
    ToolChoice,
    encode_request,
)
from claude_code_proxy.messages.response import (
    Citation,
    Message,
    ServerToolUsage,
    StopDetails,
    TokenDetails,
    Usage,
    decode_message,
)

__all__ = [name for name in dir() if name[0].isupper() or name.startswith(("decode_", "encode_", "as_"))]
