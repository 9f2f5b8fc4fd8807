#!/bin/bash
# sshd answers (nodes archive through it), and cron has had its turn lately. Whether backups are healthy is `barman check`'s
# to say: it costs half a second of CPU, and reading it is Howdah's work.
exec 3<>/dev/tcp/127.0.0.1/22 && read -r -t 3 banner <&3 && [[ $banner == SSH-2.0-* ]] || exit 1
[ -n "$(find /run/howdah/cron -mmin -10)" ]
