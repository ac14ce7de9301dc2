"""`GET /v1/models`: the catalogue in the shape of each API that has such a list.

`openai` and `anthropic` render the list, `selection` says which names are in it, `endpoint` chooses the shape for a
request. A catalogue in, a body out: no upstream is asked, and no model's facts stand here. Start at `endpoint`.
"""
