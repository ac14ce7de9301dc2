"""The processes of a server: workers and their parent, signals, logs, open files."""
