"""OpenAI's own tools that the client runs, as functions with fixed schemas: its shells and its patches.

The schemas are those of the items' own actions, so a call is handed over as it is. Claude's trained shell and editor
have other actions, which no item of this API could carry without loss.
"""

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec
from msgspec import Raw, Struct

from claude_code_proxy import messages
from claude_code_proxy.endpoints.responses.tools import tool_types as wire

FixedKind: TypeAlias = Literal["local_shell", "shell", "apply_patch"]
FixedTool: TypeAlias = wire.LocalShell | wire.Shell | wire.ApplyPatch

_SHELL: dict[str, object] = {
    "type": "object",
    "properties": {
        "commands": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Shell commands, run one after another.",
        },
        "timeout_ms": {"type": "integer", "description": "The most milliseconds that they may take."},
        "max_output_length": {"type": "integer", "description": "The most characters of output to return."},
    },
    "required": ["commands"],
}
_LOCAL_SHELL: dict[str, object] = {
    "type": "object",
    "properties": {
        "command": {
            "type": "array",
            "items": {"type": "string"},
            "description": 'The program and its arguments, such as ["bash", "-lc", "ls"].',
        },
        "working_directory": {"type": "string"},
        "timeout_ms": {"type": "integer"},
        "env": {"type": "object", "additionalProperties": {"type": "string"}},
    },
    "required": ["command"],
}
_APPLY_PATCH: dict[str, object] = {
    "type": "object",
    "properties": {
        "type": {"type": "string", "enum": ["create_file", "update_file", "delete_file"]},
        "path": {"type": "string", "description": "The path of the file."},
        "diff": {
            "type": "string",
            "description": "The change in the V4A diff format: each hunk begins with @@, and its lines with a space, - "
            "or +. For a new file all lines begin with +. Left out when a file is deleted.",
        },
    },
    "required": ["type", "path"],
}
_TOOLS: Mapping[type[Struct], tuple[FixedKind, str, Mapping[str, object]]] = {
    wire.LocalShell: ("local_shell", "Run a program on the user's machine.", _LOCAL_SHELL),
    wire.Shell: ("shell", "Run commands in a shell on the user's machine.", _SHELL),
    wire.ApplyPatch: ("apply_patch", "Create, change or delete one file by a patch.", _APPLY_PATCH),
}


def to_fixed_tool(tool: FixedTool) -> tuple[FixedKind, messages.Tool]:
    """Return the kind of a tool's calls, which is its name too, and the function."""
    kind, description, schema = _TOOLS[type(tool)]
    return kind, messages.Tool(kind, Raw(msgspec.json.encode(schema)), description=description)
