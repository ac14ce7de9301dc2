"""`GET /v1/models`: the catalogue in the shape of each API that has such a list.

It needs no upstream: a catalogue in, a body out. Which shape a request gets, `endpoint` decides.
"""
