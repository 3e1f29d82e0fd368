// A head must read the same however it arrives: cut anywhere, and among octets of earlier messages in the same buffer.
import { expect } from 'bun:test'
import { MORE } from '../../src/http/h1/head.ts'
import { octets } from './support.ts'

export type Scan = (bytes: Buffer, from: number, to: number) => number

/** What an earlier read may have left behind: a scan that looks past its end finds another message there. */
const STALE = 'Q: 9\r\n\r\nGET /stale?x HTTP/1.0\r\nHost: stale\r\nContent-Length: 7\r\n\r\nHTTP/1.0 500 Stale\r\nUpgrade: y\r\n\r\n'
const staleBuffer = (size: number): Buffer => octets(STALE.repeat(Math.ceil(size / STALE.length)).slice(0, size))

/** `text` with stale octets around it, of which bytes[at..at+length) are its own. */
const amongStale = (bytes: Buffer, length: number, at: number): Buffer => {
  const buffer = staleBuffer(at + bytes.length + STALE.length)
  bytes.copy(buffer, at, 0, length)
  return buffer
}

/** Scans an accepted head whole, at every cut and among stale octets. `facts` is what was understood, for comparison. */
export const acceptEveryCut = (text: string, scan: Scan, facts: () => unknown) => {
  const bytes = octets(text)
  expect(scan(bytes, 0, bytes.length)).toBe(bytes.length)
  const understood = facts()
  for (let cut = 0; cut < bytes.length; cut++) {
    const whole: { cut: number; exact: number; among: number } = { cut, exact: scan(Buffer.from(bytes.subarray(0, cut)), 0, cut), among: scan(amongStale(bytes, cut, 31), 31, 31 + cut) }
    if (whole.exact !== MORE || whole.among !== MORE) expect(whole).toEqual({ cut, exact: MORE, among: MORE })
  }
  for (const at of [0, 1, STALE.length]) {
    expect(scan(amongStale(bytes, bytes.length, at), at, at + bytes.length)).toBe(at + bytes.length)
    expect(facts()).toEqual(understood)
  }
}

/** A refused head is refused with `status`, and no part of it is a head. */
export const refuseEveryCut = (text: string, scan: Scan, status: number) => {
  const bytes = octets(text)
  expect(scan(bytes, 0, bytes.length)).toBe(-status)
  expect(scan(amongStale(bytes, bytes.length, 31), 31, 31 + bytes.length)).toBe(-status)
  for (let cut = 0; cut < bytes.length; cut++) {
    const result = scan(Buffer.from(bytes.subarray(0, cut)), 0, cut)
    if (result > MORE) expect({ cut, result }).toEqual({ cut, result: MORE })
  }
}
