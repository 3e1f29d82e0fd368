// Whether something has come for a socket that the event loop has not told of yet: one system call (bun.md §1.7). Knows descriptors only.
import { ptr } from 'bun:ffi'
import { readSync } from 'node:fs'
import { fromCLibrary } from './c-library.ts'

/** Octets, FIN or reset: poll(2) reports the last two unasked or with it. */
const POLLIN = 1

/** Without it `read` is asked, which costs four times as much. */
const poll = fromCLibrary({ poll: { args: ['ptr', 'u64', 'i32'], returns: 'i32' } })?.poll ?? null

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
