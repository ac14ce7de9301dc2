"""One folder per client-facing API: pure functions that translate straight to and from the Messages API.

An endpoint owns every word its clients see: fields, errors, codes, header names, the end of a stream. It knows no other
endpoint, no upstream and no model, and does no I/O. Start at `endpoint`, the seam, then at a folder's `endpoint`.
"""
