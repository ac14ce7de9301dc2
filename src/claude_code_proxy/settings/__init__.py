"""The settings of a run: what there is to set (`table`), the kinds (`kinds`), reading (`load`), showing (`describe`).

Only `cli` and `server` see them; every other package gets plain values. Start in `table.py`.
"""

from claude_code_proxy.settings.describe import describe as describe
from claude_code_proxy.settings.describe import format_value as format_value
from claude_code_proxy.settings.load import SettingsError as SettingsError
from claude_code_proxy.settings.load import inherited as inherited
from claude_code_proxy.settings.load import is_wildcard as is_wildcard
from claude_code_proxy.settings.load import load as load
from claude_code_proxy.settings.load import refuse_open_door as refuse_open_door
from claude_code_proxy.settings.table import SETTINGS as SETTINGS
from claude_code_proxy.settings.table import Setting as Setting
from claude_code_proxy.settings.table import Settings as Settings
