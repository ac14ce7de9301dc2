"""Conversations: lists of items that are kept here and that responses continue. Pure: bytes to types and back.

https://platform.openai.com/docs/api-reference/conversations
"""
