// Listeners of one port, of this process and of others (SO_REUSEPORT): how many there are, which of them get new connections, and how one leaves
// without a loss (bun.md §5.4). Knows descriptors only; Linux only: elsewhere nothing can be told, and nothing changes.
import { ptr } from 'bun:ffi'
import { closeSync, openSync, readlinkSync, readSync } from 'node:fs'
import { fromCLibrary } from './c-library.ts'

const setsockopt = fromCLibrary({ setsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'u32'], returns: 'i32' } })?.setsockopt ?? null

const SOL_SOCKET = 1
const SO_ATTACH_FILTER = 26
const SO_DETACH_FILTER = 27
const SO_ATTACH_REUSEPORT_CBPF = 51

/** An instruction of classic BPF (linux/filter.h): operation, operand, and how many to skip where a comparison holds, or does not. */
type Instruction = { readonly code: number; readonly k: number; readonly jt?: number; readonly jf?: number }
const LOAD_WORD = 0x20
const LOAD_OCTET = 0x30
const MODULO = 0x94
const ADD = 0x04
const AND = 0x54
const JUMP_EQUAL = 0x15
const RETURN_RESULT = 0x16
const RETURN = 0x06
/** The "address" SKF_AD_OFF + SKF_AD_RANDOM: a random word. */
const RANDOM = -0x1000 + 56
/** In a TCP header (RFC 9293 §3.1). */
const FLAGS_AT = 13
const SYN = 0x02
const ACK = 0x10
const WHOLE_PACKET = 0xffffffff

/**
 * New connections of the port go to `count` listeners from number `first` on, at random. They are numbered as they began to listen; where one leaves,
 * the last takes its number. A number that nobody has leaves the choice to the kernel: among all. False: the kernel refuses.
 */
export const steer = (fd: number, { first, count }: { readonly first: number; readonly count: number }): boolean => attach(fd, SO_ATTACH_REUSEPORT_CBPF, [
  { code: LOAD_WORD, k: RANDOM },
  { code: MODULO, k: count },
  { code: ADD, k: first },
  { code: RETURN_RESULT, k: 0 },
])

/**
 * The listener sees no new connection from now on; those that have begun are still accepted. A client that comes to it all the same tries again by
 * itself after a second (RFC 6298 §2), and finds another listener if this one has closed. False: the kernel refuses.
 */
export const turnAway = (fd: number): boolean => attach(fd, SO_ATTACH_FILTER, [
  { code: LOAD_OCTET, k: FLAGS_AT },
  { code: AND, k: SYN | ACK },
  { code: JUMP_EQUAL, k: SYN, jf: 1 },
  { code: RETURN, k: 0 },
  { code: RETURN, k: WHOLE_PACKET },
])

/** Undoes turnAway. False: the kernel refuses, or there is nothing to undo. */
export const letIn = (fd: number): boolean => setsockopt !== null && setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, ptr(new Int32Array(1)), Int32Array.BYTES_PER_ELEMENT) === 0

const INSTRUCTION_OCTETS = 8
const PROGRAM_OCTETS = 16

/** A struct sock_fprog, with a pointer to its struct sock_filters. */
const attach = (fd: number, option: number, instructions: readonly Instruction[]): boolean => {
  const code = new DataView(new ArrayBuffer(instructions.length * INSTRUCTION_OCTETS))
  for (const [i, { code: operation, jt = 0, jf = 0, k }] of instructions.entries()) {
    code.setUint16(i * INSTRUCTION_OCTETS, operation, true)
    code.setUint8(i * INSTRUCTION_OCTETS + 2, jt)
    code.setUint8(i * INSTRUCTION_OCTETS + 3, jf)
    code.setUint32(i * INSTRUCTION_OCTETS + 4, k, true)
  }
  const program = new DataView(new ArrayBuffer(PROGRAM_OCTETS))
  program.setUint16(0, instructions.length, true)
  program.setBigUint64(8, BigInt(ptr(code)), true)
  return setsockopt !== null && setsockopt(fd, SOL_SOCKET, option, ptr(program), PROGRAM_OCTETS) === 0
}

/** How many listen where this socket does, itself among them; 0: it can't be told. */
export const listeners = (fd: number): number => {
  try {
    const [, inode = ''] = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`)) ?? []
    return among(listening('/proc/self/net/tcp'), inode) || among(listening('/proc/self/net/tcp6'), inode)
  } catch {
    return 0
  }
}
const among = (all: readonly Listening[], inode: string): number => {
  const own = all.find((each) => each.inode === inode)
  return own === undefined ? 0 : all.filter(({ address }) => address === own.address).length
}

/** address: with the port, as the kernel prints it. */
type Listening = { readonly address: string; readonly inode: string }
const TCP_LISTEN = '0A'
/** The kernel gives out a page at most at a time. */
const PAGE_OCTETS = 4096

/** The kernel prints those that listen first: what comes after them, every connection of the machine, is not read. */
const listening = (file: string): Listening[] => {
  const found: Listening[] = []
  let open = ''
  for (const page of pagesOf(file)) {
    const lines = (open + page).split('\n')
    open = lines.pop() ?? ''
    for (const line of lines) {
      const [number = '', address = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/)
      if (state === TCP_LISTEN) found.push({ address, inode })
      else if (number !== 'sl') return found
    }
  }
  return found
}

function* pagesOf(file: string): Generator<string> {
  const fd = openSync(file, 'r')
  const page = Buffer.alloc(PAGE_OCTETS)
  try {
    for (let length = readSync(fd, page); length > 0; length = readSync(fd, page)) yield page.toString('latin1', 0, length)
  } finally {
    closeSync(fd)
  }
}
