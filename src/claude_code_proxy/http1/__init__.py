"""HTTP/1.1 on asyncio and llhttp: `server/` answers requests, `client/` sends them. Neither knows what is served."""
