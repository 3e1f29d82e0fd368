// One request to a raw upstream, as far as its connection: what most tests of ClientConnection begin with.
import type { UpstreamRequest } from '../../src/http/message.ts'
import { RecordingSink, TIMEOUTS } from './sink.ts'
import { RawUpstream, upstreamConnection, upstreamRequest } from './support.ts'

export const GET = 'GET /a HTTP/1.1\r\nHost: h\r\n\r\n'

export class Asked {
  readonly upstream: RawUpstream
  readonly connection: ReturnType<typeof upstreamConnection>['connection']
  readonly owned: ReturnType<typeof upstreamConnection>['owned']
  readonly clock: ReturnType<typeof upstreamConnection>['clock']

  private constructor(upstream: RawUpstream, native: boolean) {
    this.upstream = upstream
    const { connection, owned, clock } = upstreamConnection(upstream.port, native)
    this.connection = connection
    this.owned = owned
    this.clock = clock
  }
  static async start(native: boolean): Promise<Asked> { return new Asked(await RawUpstream.start(), native) }

  /** The next request on the connection; resolves when the upstream has it whole. */
  async ask(text = GET, more: Partial<UpstreamRequest> = {}) {
    const sink = new RecordingSink()
    const before = this.upstream.peers[0]?.size ?? 0
    this.connection.exchange(upstreamRequest(text, more), sink, TIMEOUTS)
    const peer = await this.upstream.peer()
    if (!await peer.when(() => peer.text.indexOf('\r\n\r\n', before) > 0)) throw new Error('the request did not arrive')
    return { sink, peer }
  }
  close() {
    this.connection.cancel()
    this.upstream.close()
  }
}
