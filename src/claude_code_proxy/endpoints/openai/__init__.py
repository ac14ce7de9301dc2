"""What OpenAI-shaped endpoints share: decoding a body, files, the error envelope, usage, and the frames of a stream.

No endpoint of its own, and nothing that only one endpoint needs. No I/O, clock or randomness.
Start at `body` for what a client sent, at `errors` for what it is told when something fails, at `stream` for frames.
"""
