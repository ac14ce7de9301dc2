"""What OpenAI-shaped endpoints share: bodies, files, parts of replies, streams, and the error envelope."""
