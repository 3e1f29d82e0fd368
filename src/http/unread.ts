// Whether something has come for a socket that the event loop has not told of yet: one system call (bun.md §1.7). Knows descriptors only.
import { dlopen, ptr } from 'bun:ffi'
import { readSync } from 'node:fs'

/** Of glibc and of musl; without one of them `read` is asked, which costs four times as much. */
const C_LIBRARIES = ['libc.so.6', 'libc.musl-x86_64.so.1', 'libc.musl-aarch64.so.1']
/** Octets, FIN or reset: poll(2) reports the last two unasked or with it. */
const POLLIN = 1

const openPoll = () => {
  for (const name of C_LIBRARIES) {
    try {
      return dlopen(name, { poll: { args: ['ptr', 'u64', 'i32'], returns: 'i32' } }).symbols.poll
    } catch { /* the next one */ }
  }
  return null
}
const poll = openPoll()

/** A struct pollfd: descriptor, then what is asked for. */
const asked = new Int32Array(new ArrayBuffer(8))
asked[1] = POLLIN
const askedAt = ptr(asked)

/** Octets, a FIN or a reset wait to be read from `fd`. Where it was true, the connection is of no use any more: an octet may be read past its reader. */
export const hasUnread = (fd: number): boolean => {
  if (poll === null) return isReadable(fd)
  asked[0] = fd
  return poll(askedAt, 1, 0) !== 0
}

/** The same without a C library. */
export const isReadable = (fd: number): boolean => {
  try {
    readSync(fd, ONE_OCTET)
    return true
  } catch (error) {
    return !(error instanceof Error && Reflect.get(error, 'code') === 'EAGAIN')
  }
}
const ONE_OCTET = Buffer.alloc(1)
