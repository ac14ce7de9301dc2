"""Every reason that the service has to refuse a Messages request, as tables and small functions.

`shape` has the checks of raw JSON; `fields`, `blocks` and `tool_shapes` combine them into the shape of a request. Each
other module is one topic with a `check(request)` that raises a `Refusal`. Nothing here composes an answer. Start with
`..validation`, which has the order of the rules.
"""
