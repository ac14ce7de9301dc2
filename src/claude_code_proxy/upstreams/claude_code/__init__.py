"""The owner's own Claude Code, driven through the official Agent SDK: Messages in, Messages out."""
