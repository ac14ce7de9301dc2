"""The reply on its way to the client: its headers, its stream, the comments that keep it alive, and its checks.

Nothing here asks an upstream or knows an API's words: the endpoint's translator makes the frames. Start at `streaming`.
"""
