// Connections whose clients were asked for a certificate. What they have shown holds as long as their name's terms do: as with a reload of nginx,
// they finish what is on its way when another authority, a revocation list or another rule comes. Knows no requests.
import type { ClientProof } from './client-proof.ts'
import type { Terms } from './contexts.ts'

type Shown = { readonly serverName: string; readonly proof: ClientProof }

export class Proven<C extends { drain(): void }> {
  readonly #shown = new Map<C, Shown>()

  add(connection: C, shown: Shown) { this.#shown.set(connection, shown) }
  delete(connection: C) { this.#shown.delete(connection) }

  renew(termsOf: (serverName: string) => Terms | null) {
    for (const [connection, { serverName, proof }] of this.#shown) {
      const asked = termsOf(serverName)?.asked
      if (asked?.rule === proof.asked.rule && asked.authority === proof.asked.authority) continue
      this.#shown.delete(connection)
      proof.rule = ''
      connection.drain()
    }
  }
}
