"""From an accepted request to the content of its answer.

`intent` reads what the request asks for, `answer` composes the blocks (`replies` the text, `tool_calls` the calls,
`schema_sample` values for a schema, `web_search` hosted searches), `envelope` wraps them in a Message with its usage.
No rule of the service stands here (see `rules`) and no byte is sent (see `wire`). Start with `answer.compose`.
"""
