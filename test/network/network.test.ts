// Nodes that have one address family: the program needs no flag to serve there.
import { describe, expect, test } from 'bun:test'
import { canIsolate, on, type Stack } from './stack.ts'

describe.skipIf(!canIsolate())('a node with', () => {
  test.each([['IPv6 only', '::1'], ['IPv6 disabled', '127.0.0.1']] as readonly (readonly [Stack, string])[])('%s: clients, probes and endpoints at %s', async (stack, address) => {
    const answer = [200, { from: address }]
    expect(await on(stack, 'serving.ts', address)).toEqual({ served: [answer, answer], readyz: 200, counted: true, trouble: [] })
  })
})
