#!/usr/bin/env bash
# Builds the image from the Dockerfile as it is and looks at what came out: size, user, no shell, time from start to the first answer.
# Needs root, buildah, and debootstrap where the base image cannot be fetched: then a base is made from Debian's packages and the
# toolchain of this machine, under the same name.
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || { echo "error: run it as root"; exit 1; }
for tool in buildah debootstrap; do
  command -v "$tool" >/dev/null || DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$tool" >/dev/null
done
work=$(mktemp -d)
storage=("--root" "$work/storage" "--runroot" "$work/run" "--storage-driver" "vfs")
buildah() { command buildah "${storage[@]}" "$@"; }
served=
cleanup() {
  [ -n "$served" ] && kill "$served" 2>/dev/null || true
  umount -R "$work"/base/proc 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT
base=$(sed -n 's/^ARG BASE=//p' Dockerfile)
isolation=(--isolation chroot --network host)
if ! timeout 120 command buildah "${storage[@]}" pull -q "$base" >/dev/null 2>&1; then
  echo "$base cannot be fetched: making one from Debian's packages and this machine's toolchain"
  debootstrap --variant=minbase --include=ca-certificates,gcc,libc6-dev bookworm "$work/base" >"$work/log" 2>&1 \
    || { tail -20 "$work/log"; exit 1; }
  toolchain=$(rustc --print sysroot)
  mkdir -p "$work/base/opt/rust"
  cp -a "$toolchain/bin" "$toolchain/lib" "$work/base/opt/rust/"
  # Behind a proxy or with an authority of its own, cargo needs the same here as on this machine.
  cp /etc/ssl/certs/ca-certificates.crt "$work/base/etc/ssl/certs/ca-certificates.crt"
  container=$(buildah from scratch)
  buildah copy -q "$container" "$work/base" / >/dev/null
  buildah config --env PATH=/opt/rust/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
  buildah commit -q "$container" "$base" >/dev/null
  buildah rm "$container" >/dev/null
  rm -rf "$work/base"
fi
epoch=$(git log -1 --format=%ct)
began=$SECONDS
buildah build -q "${isolation[@]}" --pull=never --timestamp "$epoch" --build-arg "SOURCE_DATE_EPOCH=$epoch" -t plimsoll . >/dev/null
echo "built in $((SECONDS - began)) s"

container=$(buildah from --pull-never plimsoll)
root=$(buildah mount "$container")
size=$(du -sb "$root" | cut -f1)
printf 'size: %s.%s MiB in %s files\n' $((size / 1048576)) $((size % 1048576 * 10 / 1048576)) "$(find "$root" -type f | wc -l)"
[ "$size" -lt $((40 * 1048576)) ] || { echo "error: larger than 40 MiB"; exit 1; }
user=$(buildah inspect --format '{{.OCIv1.Config.User}}' "$container")
[ "$user" = 65532:65532 ] || { echo "error: runs as '$user'"; exit 1; }
if find "$root" \( -name sh -o -name bash -o -name dash -o -name busybox \) | grep -q .; then echo "error: has a shell"; exit 1; fi
for file in usr/share/doc/plimsoll/NOTICE usr/share/doc/plimsoll/LICENSE usr/share/doc/libc6/copyright; do
  [ -s "$root/$file" ] || { echo "error: $file is missing"; exit 1; }
done
newest=$(find "$root" -type f -printf '%T@\n' | sort -n | tail -1 | cut -d. -f1)
[ "$newest" -le "$epoch" ] || { echo "error: a file is newer than the commit"; exit 1; }

# As Cloud Run starts it: its own user, its own root, nothing but the environment.
cat >"$root/tmp/plimsoll.toml" <<'TOML'
[source]
url = "${DATABASE_URL}"
[storage]
url = "gs://bucket/plimsoll"
[bigquery]
project = "demo"
dataset = "app"
[server]
auth = "none"
[[table]]
source = "public.orders"
TOML
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
read -r served took < <(python3 - "$root" "$port" <<'PY'
import shutil, subprocess, sys, time, urllib.request
root, port = sys.argv[1:]
quiet = subprocess.DEVNULL
command = [shutil.which("chroot"), "--userspec=65532:65532", root, "/usr/bin/plimsoll", "serve"]
environment = {"PORT": port, "PLIMSOLL_CONFIG": "/tmp/plimsoll.toml", "DATABASE_URL": "postgres://u:p@127.0.0.1:9/d",
               "STORAGE_EMULATOR_HOST": "http://127.0.0.1:9", "BIGQUERY_EMULATOR_HOST": "http://127.0.0.1:9",
               "SSL_CERT_FILE": "/etc/ssl/certs/ca-certificates.crt"}
began = time.monotonic()
child = subprocess.Popen(command, env=environment, stdin=quiet, stdout=quiet, stderr=quiet)
while True:
    try:
        assert urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz").status == 200
        break
    except OSError:
        if child.poll() is not None or time.monotonic() - began > 10:
            sys.exit("error: it does not answer")
        time.sleep(0.001)
print(child.pid, round((time.monotonic() - began) * 1000))
PY
)
echo "from start to the first answer of /healthz: $took ms, as user $(ps -o uid= -p "$served" | tr -d ' ')"
[ "$took" -lt 100 ] || { echo "error: slower than 100 ms"; exit 1; }
