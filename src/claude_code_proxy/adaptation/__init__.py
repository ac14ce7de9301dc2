"""Messages -> Messages: a request as a client meant it becomes one that the named model accepts.

Each step takes a request and returns one, with a list of adjustments; what must be undone in the reply comes back as a
filter. Everything here is pure and speaks of Messages paths: no client's field names, no I/O, no clock. What a model
takes is not decided here but read from `models`. Start at `adapt`, which has the order of the steps.
"""
