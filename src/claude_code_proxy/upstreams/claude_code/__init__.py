"""The owner's own Claude Code as an upstream, driven through the official Agent SDK: Messages in, Messages out.

`claude_code` is the upstream, `pool` holds the conversations that have a process, `session` runs one of them, `sdk` is
the only module that uses the SDK. `capabilities` and `fields` say what Claude Code can carry. Nothing here reads a
login or talks to the service itself. Start at `claude_code`.
"""
