// How many connections a client may have, and who is not counted, as the settings have it. Knows no sockets.
import type { ClientRule } from '../http/client-limit.ts'
import type { Settings } from '../settings.ts'
import { trustOf } from './client-view.ts'

/** Who may tell the client in a field carries many. Of one that tells it in a PROXY header the client is known, and counted. */
export const clientRuleOf = (settings: Settings): ClientRule | null => {
  const connections = settings['max-connections-per-client']
  return connections === 0 ? null : { connections, exempt: trustOf(settings)?.peers ?? null }
}
