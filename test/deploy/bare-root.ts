// Ways to start an executable as a container would: on a root that holds only what the base image has, and with a container's capabilities.
// Each is a command line for `start`. User namespaces instead of root; knows nothing of what is started.
import { mkdtempSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Whether this machine lets us: some forbid user namespaces. */
export const canIsolate = (): boolean => Bun.spawnSync(['unshare', '-Urnm', 'unshare', '-U', '--map-user=65532', 'true']).success

/** Of distroless/cc, beside what the executable is linked with. */
const BASE_FILES = ['libgcc_s.so.1', 'libstdc++.so.6'].map((name) => `/lib/$(uname -m)-linux-gnu/${name}`).concat('/etc/ssl/certs/ca-certificates.crt').join(' ')
/** /proc and devices are the container runtime's. */
const BUILD_ROOT = `
set -e
root=$1 program=$2 manifests=$3
shift 3
mount -t tmpfs tmpfs "$root"
cd "$root"
cp --parents -L $(ldd "$program" | grep -o '/[^ ]*') ${BASE_FILES} .
mkdir -p dev proc tmp manifests
touch lintel dev/null dev/zero dev/random dev/urandom
mount --rbind /proc proc
for device in null zero random urandom; do mount --bind "/dev/$device" "dev/$device"; done
mount -t tmpfs tmpfs tmp
mount --bind "$manifests" manifests
mount --bind "$program" lintel
mount -o remount,ro "$root"
exec unshare -U --map-user=65532 --map-group=65532 --root="$root" --wd=/ /lintel "$@"`

/** As user 65532 on a read-only root with a writable /tmp; the folder is at /manifests, and the root is mounted beside it. */
export const inBareRoot = (program: string, manifests: string): readonly string[] =>
  ['unshare', '-Urm', 'sh', '-c', BUILD_ROOT, 'sh', mkdtempSync(join(dirname(manifests), 'root-')), program, manifests]

/** The first exec leaves no capabilities; the second can only gain what the file has, and that only where it may gain anything. */
const CAPABLE = `
set -e
program=$1 bounding=$2 gain=$3
shift 3
setcap cap_net_bind_service=+ep "$program"
exec unshare -Un --map-user=65532 --keep-caps sh -c '
  ip link set lo up
  exec setpriv --ambient-caps=-all --inh-caps=-all --bounding-set="$@"
' sh "-all$bounding" $gain "$program" "$@"`

/** What a securityContext says, beside runAsNonRoot. */
export type Privileges = { readonly add: 'NET_BIND_SERVICE' | null; readonly allowPrivilegeEscalation: boolean }

/** As user 65532 in a network of its own, the file with NET_BIND_SERVICE as the Containerfile gives it. */
export const withPrivileges = (program: string, { add, allowPrivilegeEscalation }: Privileges): readonly string[] =>
  ['unshare', '-Ur', 'sh', '-c', CAPABLE, 'sh', program, add === null ? '' : `,+${add.toLowerCase()}`, allowPrivilegeEscalation ? 'env' : 'setpriv --no-new-privs']
