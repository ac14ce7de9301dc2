"""What authenticates the proxy to its upstream: where it comes from, and how a Claude Code login is kept fresh.

`chain` has the precedence of the sources, `login_file` reads the login that Claude Code keeps, `renewal` makes Claude
Code renew it in time, `advice` says what to do about a credential that does not work. Secrets leave only as `Secret`
values. Keys that callers show to the proxy are not here but in `server/access`. Start at `chain`.
"""
