"""The conversation of a request: messages in any order become turns that the service accepts.

`turns` has the order of the steps, `pairing` matches tool calls with their results, `blocks` and `images` normalize
what a message holds, `system` places system messages, `names` makes legal names. Nothing here looks at tools or
schemas. Start at `turns`.
"""
