// Arbitrary ends of connections, in the form in which they are read.
import fc from 'fast-check'
import { addressOf } from '../../../src/http/address.ts'
import type { ProxyEnds } from '../../../src/http/proxy-protocol/header.ts'

const octets = fc.oneof(...[4, 16].map((length) => fc.uint8Array({ minLength: length, maxLength: length })), fc.array(fc.constantFrom(0, 0, 0, 7), { minLength: 16, maxLength: 16 }))
const place = fc.record({ address: octets.map((array) => addressOf(Buffer.from(array))), port: fc.nat({ max: 65_535 }) })

export const ends: fc.Arbitrary<ProxyEnds> = fc.record({ client: place, server: place })
