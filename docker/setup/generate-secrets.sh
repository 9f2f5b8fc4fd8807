#!/bin/bash
# generate-secrets.sh [ROOT [ENV_FILE [SECRETS_DIR]]]
# Makes what is missing of .env, passwords and SSH keys, and never overwrites anything: run it as often as you like.
# tokens.json, the API's bearer tokens, is not made here.
set -euo pipefail
umask 077
here=$(cd "$(dirname "$0")/.." && pwd)
root=${1:-$here/..}
env_file=${2:-$root/.env}
secrets=${3:-$root/secrets}
hosts=(barman db1 db2 db3 db4)

random() { od -An -N 24 -t x1 /dev/urandom | tr -d ' \n'; }

# Appears whole or not at all.
make() { [ -e "$1" ] || { cat > "$1.new" && mv "$1.new" "$1"; }; }

key() { # key FILE COMMENT
  [ -e "$1" ] || ssh-keygen -q -t ed25519 -N '' -C "$2" -f "$1"
}

# An empty password, in every way that Compose takes for one.
empty='^([[:space:]]*(export[[:space:]]+)?PATRONI_[A-Z]+_PASSWORD)[[:space:]]*=[[:space:]]*(""|'"''"')?([[:space:]]+#.*)?[[:space:]]*$'

with_passwords() { # The lines of standard input, a password where one is empty.
  local line
  while IFS= read -r line || [ -n "$line" ]; do
    [[ ! $line =~ $empty ]] || line="${BASH_REMATCH[1]}=$(random)${BASH_REMATCH[4]}"
    printf '%s\n' "$line"
  done
}

mkdir -p "$(dirname "$env_file")"
make "$env_file" < <(with_passwords < "$here/env.example")
# A copy of env.example, made by hand: its passwords are still to be made.
[ -z "$(tail -c 1 "$env_file")" ] || echo >> "$env_file"
for name in PATRONI_POSTGRESS_PASSWORD PATRONI_REPLICATOR_PASSWORD; do
  grep -Eq "^[[:space:]]*(export[[:space:]]+)?${name}[[:space:]]*=" "$env_file" || printf '%s=\n' "$name" >> "$env_file"
done
if grep -Eq "$empty" "$env_file"; then
  filled=$(with_passwords < "$env_file")
  # A copy that was made by hand may be anyone's to read.
  chmod go= "$env_file"
  # In its place: a container has the very file that was there when it was made.
  printf '%s\n' "$filled" > "$env_file"
fi

mkdir -p "$secrets"; chmod 0700 "$secrets"
for name in patroni_rest_password barman_password howdah_password redis_password; do
  make "$secrets/$name" < <(random)
done

# One folder a container, which is mounted there and nowhere else: its own key, the hosts it trusts, the keys it lets in.
mkdir -p "$secrets/ssh"
for host in "${hosts[@]}"; do
  mkdir -p "$secrets/ssh/$host"
  key "$secrets/ssh/$host/host_key" "$host"
  [ "$host" = barman ] && user=barman || user=postgres
  key "$secrets/ssh/$host/id_ed25519" "$user@$host"
done
mkdir -p "$secrets/ssh/howdah"
key "$secrets/ssh/howdah/id_ed25519" howdah

public() { cat "$secrets/ssh/$1/id_ed25519.pub"; }
for host in "${hosts[@]}" howdah; do
  make "$secrets/ssh/$host/known_hosts" < <(for other in "${hosts[@]}"; do printf '%s %s\n' "$other" "$(cut -d' ' -f1,2 "$secrets/ssh/$other/host_key.pub")"; done)
done
for host in db1 db2 db3 db4; do
  make "$secrets/ssh/$host/authorized_keys" < <(for other in "${hosts[@]}"; do echo "restrict $(public "$other")"; done)
done
make "$secrets/ssh/barman/authorized_keys" < <(
  for host in db1 db2 db3 db4; do echo "restrict $(public "$host")"; done
  # Howdah reads through one program, and can run no other.
  echo "restrict,command=\"/usr/local/bin/howdah-barman-reader\" $(public howdah)"
)
