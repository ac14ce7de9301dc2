"""What outlives a request: one store for each kind of state, behind async protocols, on one of several engines.

A kind of state has a module with its records and its protocol (`thinking_store`), and an implementation in each engine:
`memory`, and `sqlite` for a file that workers share. `stores` chooses the engine. `kept_thinking` is what uses the
store of thinking. Nothing here sends a request or knows a client's API. Start at `stores`.
"""
