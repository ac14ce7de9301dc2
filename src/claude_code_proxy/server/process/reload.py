"""What SIGHUP does: the settings are read again, and some of them change while the server runs.

Flags and environment variables stay what they were at the start, so it is the file that can have changed. A file that
is wrong changes nothing.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from claude_code_proxy.settings import Settings, SettingsError, load, refuse_open_door

_log = logging.getLogger(__name__)
RELOADED = (
    "proxy_api_key",
    "model_aliases",
    "max_body_bytes",
    "max_header_bytes",
    "max_concurrent",
    "max_queued",
    "queue_seconds",
)


def reload(settings: Settings, environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings with what has changed of `RELOADED`; the same ones, and a line in the log, if it is wrong."""
    try:
        again = load(settings.flags, environ)
        found: dict[str, Any] = {key: getattr(again, key) for key in RELOADED}
        changed = replace(settings, **found)
        refuse_open_door(changed)
    except SettingsError as error:
        _log.error("SIGHUP: nothing is changed: %s", error.message)
        return settings
    names = [key.upper() for key in RELOADED if getattr(settings, key) != getattr(changed, key)]
    _log.info("SIGHUP: the settings were read again; changed: %s", ", ".join(names) or "none of those that can change")
    return changed
