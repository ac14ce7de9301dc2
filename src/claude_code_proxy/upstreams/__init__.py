"""One folder per place that serves Messages: `anthropic` over HTTPS, `claude_code` through the owner's Claude Code.

`upstream` has the protocols that each of them implements, `retry` the one rule of trying again, `diagnosis` the only
reader of Anthropic's error texts. No endpoint is known here, and no client's field name. Start at `upstream`.
"""
