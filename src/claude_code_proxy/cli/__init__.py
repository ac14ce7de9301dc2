"""The commands: argument parsing and printing only.

Each command is a module with a `run` function, which `main` imports when the command is used. What a command does is
decided in `server`, `credentials` and `models`; nothing here handles a request. Start at `main`.
"""
