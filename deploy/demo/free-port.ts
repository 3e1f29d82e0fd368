// Usual ports, or free ones where others hold them. Knows nothing of what listens.
import { createServer } from 'node:net'

const isFree = (port: number): Promise<boolean> => new Promise((resolve) => {
  const probe = createServer()
  probe.once('error', () => resolve(false))
  probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
})

/** The usual port, else 0: the system picks a free one. */
export const portFlag = async (flag: string, port: number, say: (line: string) => void): Promise<string> => {
  const free = await isFree(port)
  if (!free) say(`port ${port} is in use: taking a free one for ${flag}`)
  return `${flag}=${free ? port : 0}`
}
