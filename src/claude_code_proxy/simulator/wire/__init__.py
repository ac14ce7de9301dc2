"""Answers as bytes: frames of a stream, recorded replies, and the misbehaviour that a test asks for."""
