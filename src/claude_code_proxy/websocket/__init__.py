"""WebSocket (RFC 6455) on a connection that an HTTP server hands over.

The protocol itself, with its extension for compression, is that of the library `websockets`; here are the handshake and
the messages. Nothing here knows what the messages say. Start with `handshake`; import it when the first upgrade comes.
"""
