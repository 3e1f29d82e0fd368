// HEADERS without a field: the smallest malformed request, nine octets each (CVE-2019-9516 and its kin).
import { FLAG, TYPE } from '../../../src/http/h2/frames.ts'
import { frame } from '../../http/h2/wire.ts'
import { flood, id } from '../flood.ts'

export const emptyHeaders = flood({ name: 'empty-headers', reason: 'malformed_flood', frames: (n) => frame(TYPE.HEADERS, { id: id(n), flags: FLAG.END_HEADERS | FLAG.END_STREAM }) })
