"""JSON schemas of tools and output formats -> schemas that the service accepts.

`schema_upgrade` translates older drafts, `schema_merge` merges branches, `grammar_subset` keeps what the service's
grammar can hold, `input_schema` makes the schema of a tool. What these cost is bounded (`schema_budget`,
`validation_cost`), and results are cached. Nothing here knows a request. Start at `input_schema`.
"""
