"""A small HTTP/1.1 client on asyncio: requests to one origin over a bounded pool of kept connections."""
