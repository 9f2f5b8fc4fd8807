# shellcheck shell=bash
# Sourced by entrypoints. Secrets come as files that only root can read (/run/secrets); each service's user gets its own
# copy of just what it needs, on a tmpfs, so that nothing secret is ever written to a layer or to the environment.
install_secret() { # install_secret USER NAME [TARGET]
  install -o "$1" -g "$1" -m 0400 "/run/secrets/$2" "${3:-/run/howdah/$2}"
}

install_ssh() { # install_ssh USER: its key and the hosts it trusts; the host's key and who may enter stay root's.
  install -d -m 0755 /run/howdah/ssh
  local file
  install -o "$1" -g "$1" -m 0400 /run/secrets/ssh/id_ed25519 /run/howdah/ssh/id_ed25519
  for file in known_hosts authorized_keys; do
    [ ! -e "/run/secrets/ssh/$file" ] || install -m 0444 "/run/secrets/ssh/$file" "/run/howdah/ssh/$file"
  done
  [ ! -e /run/secrets/ssh/host_key ] || install -m 0400 /run/secrets/ssh/host_key /run/howdah/ssh/host_key
}

stack_env() { # stack_env NAME: one value out of the stack's .env, as Compose reads it, but with no variables put in; the rest of the file is
  # none of our business. Unquoted: up to a comment behind a space. scripts/lib/settings.mjs refuses what this does not read.
  sed -nE "s/\r$//; s/^[[:space:]]*(export[[:space:]]+)?$1[[:space:]]*=[[:space:]]*//p" "${STACK_ENV:-/run/secrets/stack_env}" | tail -n 1 | sed -E \
    -e "s/^'([^']*)'.*$/\1/; t" -e 's/^"([^"]*)".*$/\1/; t' -e 's/ #.*$//; s/[[:space:]]+$//'
}

as() { # as USER COMMAND...: drop privileges for good, and become COMMAND.
  local user=$1; shift
  HOME=$(getent passwd "$user" | cut -d: -f6) exec setpriv --reuid "$user" --regid "$user" --init-groups "$@"
}
