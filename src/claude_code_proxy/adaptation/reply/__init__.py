"""What is undone or checked in the reply: filters between the upstream's events and the endpoint.

A filter takes a whole Message or one event after the other, and returns what the client is to see. Filters are made
by `adapt` and by the steps of adaptation; they ask no upstream. Start at `filters`, which has their interface.
"""
