"""The one path of every request: down through the layers once, up once, and recorded, however it ends."""
