"""State in one SQLite file, shared by the workers of a machine and there after a restart.

`file` opens it: permissions, migrations, and what to do with a damaged one. `database` runs statements in threads of
its own, so that no lock and no disk holds the event loop. Each kind of state has its store here; SQL stands nowhere
else. Start with `database`.
"""
