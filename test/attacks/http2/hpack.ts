// HPACK as a lever: few octets that stand for many, or that move the table (CVE-2016-6581).
import { FLAG, TYPE } from '../../../src/http/h2/frames.ts'
import { head } from '../../features/http2-client.ts'
import { block, frame, lone } from '../../http/h2/wire.ts'
import { flood, id } from '../flood.ts'

const whole = FLAG.END_HEADERS | FLAG.END_STREAM
/** Puts a field with this name of one octet and a value of 3,000 into the table, which the next octet 0xbe names. */
const entry = (name: string): Buffer => Buffer.concat([Buffer.from([0x40, 1]), Buffer.from(name), Buffer.from([0x7f, 0xb9, 0x16]), Buffer.alloc(3_000, 0x62)])
const plant = (field: Buffer): Buffer => frame(TYPE.HEADERS, { id: 1, flags: whole }, block(head('/')), field)
/** `cookie` (index 32 of the static table) with a value of one octet: 860 crumbs of it fit into a section. */
const crumb = Buffer.from([0x60, 1, 0x63])
const CRUMBS = 820
/** What thousands of requests a second leave to the collector, honest ones of this size too. */
const HELD_MIB = 100
/** Down to nothing and up again, before each section. */
const resizes = Buffer.from([0x20, 0x3f, 0xe1, 0x1f])

export const hpack = [
  flood({
    name: 'hpack-bomb', reason: 'header_flood', opening: plant(entry('a')),
    frames: (n) => frame(TYPE.HEADERS, { id: id(n + 1), flags: whole }, block(head('/')), Buffer.alloc(16_000, 0xbe)),
  }),
  flood({
    name: 'hpack-crumbs', inert: 'they are requests, and cost what a request with so many fields costs', heldMiB: HELD_MIB, opening: plant(crumb),
    frames: (n) => frame(TYPE.HEADERS, { id: id(n + 1), flags: whole }, block(head('/')), Buffer.alloc(CRUMBS, 0xbe)),
  }),
  flood({
    name: 'hpack-table-size', inert: 'they are requests, and a table of 4 KiB is emptied at once', heldMiB: HELD_MIB,
    frames: (n) => frame(TYPE.HEADERS, { id: id(n), flags: whole }, resizes, block(head('/')), entry('a')),
  }),
  flood({
    name: 'header-list', reason: 'header_flood',
    frames: (n) => lone(id(n), head('/', {}, Array.from({ length: 300 }, (_, k) => [`x-${k}`, 'x'] as const))),
  }),
]
