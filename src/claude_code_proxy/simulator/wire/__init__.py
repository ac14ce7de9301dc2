"""Answers as bytes: the frames of a stream, fixed and recorded replies, and the faults that a test asks for.

`faults` reads directives, `events` makes a Message into frames, `transmission` sends them with the faults applied.
What an answer contains is decided in `answers`. Start with `transmission.send_stream`.
"""
