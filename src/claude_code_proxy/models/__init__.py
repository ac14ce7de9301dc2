"""What each Claude model takes and costs, as data: one table, refreshed from the upstream, corrected by its refusals.

`table` has the facts, `names` reads the names that callers use, `catalogue` finds the model of a name, `upstream_list`
and `learned_limits` say what the service itself told. A catalogue is a frozen value. No request is changed here: that
is the part of `adaptation`. Start at `model` for what a model has, at `table` for the facts.
"""
