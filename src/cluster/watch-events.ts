// The octets of a watch → its events: one JSON object on each line. Knows no transport and no resources.
import { errorEvent } from './api-error.ts'

/** `object` of a BOOKMARK holds a resourceVersion only. */
export type WatchEvent = { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; readonly object: unknown }

/** received: something came. Throws ApiError at an ERROR event, SyntaxError at a line that is not JSON. */
export async function* watchEvents(body: AsyncIterable<Uint8Array>, received: () => void): AsyncGenerator<WatchEvent> {
  const utf8 = new TextDecoder()
  let rest = ''
  for await (const chunk of body) {
    received()
    const lines = (rest + utf8.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line !== '') yield eventOf(line)
  }
}

function eventOf(line: string): WatchEvent {
  const event: { readonly type: WatchEvent['type'] | 'ERROR'; readonly object: unknown } = JSON.parse(line)
  if (event.type === 'ERROR') throw errorEvent(event.object)
  return { type: event.type, object: event.object }
}
