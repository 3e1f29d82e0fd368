// What is no request, as fast as connections can be opened; and one that goes on long after its refusal.
import type { Attack } from '../attack.ts'

const noise = Buffer.alloc(65_536, 0x80)

export const garbage: Attack = {
  name: 'garbage',
  reason: 'bad_request',
  run: async (attacker) => {
    const line = await attacker.http1()
    while (!line.closed && !attacker.over) await line.send(noise)
  },
}
