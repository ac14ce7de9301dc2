#!/bin/sh
# The start of the container. As root: becomes the owner of the mounted login directory, or an unprivileged user when none
# is mounted, without any capability. As somebody else: changes nothing. Then it becomes the command it was given, so that
# signals reach that.
set -eu

UNPRIVILEGED=10001

say() {
    echo "entrypoint: $*" >&2
}

if [ "$(id -u)" -ne 0 ]; then
    exec "$@"
fi

export HOME=/tmp # the one place, beside the mount, that may be written
if [ -d "$CLAUDE_CONFIG_DIR" ]; then
    uid=$(stat -c %u "$CLAUDE_CONFIG_DIR")
    gid=$(stat -c %g "$CLAUDE_CONFIG_DIR")
else
    uid=$UNPRIVILEGED
    gid=$UNPRIVILEGED
fi

drop="setpriv --reuid=$uid --regid=$gid --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs"
if ! refusal=$($drop true 2>&1); then
    say "this container may not become $uid:$gid ($refusal); it goes on as root, with what it was given"
    exec "$@"
fi
if [ "$uid" -eq 0 ]; then
    say "$CLAUDE_CONFIG_DIR belongs to root; the proxy stays root, without any capability"
fi
exec $drop "$@"
