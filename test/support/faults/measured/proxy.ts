// The real proxy thread, and beside it one who counts the objects of its heap by class, for whoever asks at CENSUS_SOCKET.
import { generateHeapSnapshot, serve } from 'bun'
import '../../../../workers/proxy.ts'

/** Of a snapshot of JavaScriptCore (version 3): id, size, class, flags for each node. */
const NODE_FIELDS = 4
const CLASS = 2

const census = (): Record<string, number> => {
  Bun.gc(true)
  const { nodes, nodeClassNames } = generateHeapSnapshot()
  const counts: Record<string, number> = {}
  for (let at = CLASS; at < nodes.length; at += NODE_FIELDS) {
    const name = nodeClassNames[nodes[at] ?? 0] ?? ''
    counts[name] = (counts[name] ?? 0) + 1
  }
  return counts
}

serve({ unix: process.env['CENSUS_SOCKET'] ?? '', fetch: () => Response.json(census()) })
