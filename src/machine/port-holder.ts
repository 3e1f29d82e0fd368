// Who listens on a TCP port of this machine that can't be had, for people: by what /proc tells this user. Linux only: elsewhere nobody is named.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

const TCP_LISTEN = '0A'

/**
 * Why a port can't be shared with who listens there, and what to do: SO_REUSEPORT binds programs of one user together (socket(7)).
 * Processes are found where /proc shows them: not those of other pods, and those of other users for root alone.
 */
export const heldBy = (port: number): string => {
  const found = listeners(port)
  const [first] = found
  if (first === undefined) return 'another program listens there; end it or choose another port'
  const name = found.map(({ inode }) => processOf(inode)).find((each) => each !== null)
  const who = name === undefined || name === null ? `a program of user ${first.uid}` : `${name} of user ${first.uid}`
  const own = process.getuid?.() ?? first.uid
  if (first.uid !== own) return `${who} listens there, and only programs of one user can share a port (this is user ${own}); end it or choose another port`
  return `${who} listens there and does not share the port; end it or choose another port`
}

/** Whether anybody listens on this port, at whatever address, as far as /proc tells. */
export const isServed = (port: number): boolean => listeners(port).length > 0

type Listening = { readonly uid: number; readonly inode: string }

const listeners = (port: number): Listening[] => ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return linesOf(file).flatMap((line) => {
    if (!line.includes(suffix)) return [] // there is one for each connection of the machine
    const [, address = '', , state, , , , uid = '', , inode = ''] = line.trim().split(/\s+/)
    return state === TCP_LISTEN && address.endsWith(suffix) ? [{ uid: Number(uid), inode }] : []
  })
})
const linesOf = (file: string): string[] => orNone(() => readFileSync(file, 'latin1').split('\n'))

/** `nginx (process 12)`; null: it is not shown to us. */
const processOf = (inode: string): string | null => {
  const link = `socket:[${inode}]`
  const pid = orNone(() => readdirSync('/proc')).find((entry) => /^\d+$/.test(entry) && holds(entry, link))
  if (pid === undefined) return null
  const [name = 'a program'] = orNone(() => [readFileSync(`/proc/${pid}/comm`, 'utf8').trim()])
  return `${name} (process ${pid})`
}
const holds = (pid: string, link: string): boolean => orNone(() => readdirSync(`/proc/${pid}/fd`)).some((fd) => orNone(() => [readlinkSync(`/proc/${pid}/fd/${fd}`)])[0] === link)

/** What is not there, has just gone, or is not ours to read. */
const orNone = (read: () => string[]): string[] => {
  try {
    return read()
  } catch {
    return []
  }
}
