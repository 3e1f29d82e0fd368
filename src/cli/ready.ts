// `lintel ready`: a probe for whoever can only run a command, such as the kubelet where two pods share a port. Asks one process, by its socket.
import { FlagError } from '../settings.ts'
import type { Command } from './command.ts'

const EXIT_NOT_READY = 1
/** A process that is busy starting answers late; the kubelet gives up after a second by default. */
const ASK_MS = 900

export const ready: Command = {
  usage: 'ready --healthz-socket=PATH',
  about: `Tells whether the Lintel that was started with this --healthz-socket is ready to serve, and what is missing if it is not.
Exit code 0: it is; 1: it is not, or nobody answers there; 2: it could not be asked.`,
  operands: { name: '', count: 0 },
  options: {},
  serving: ['healthzSocket'],
  presets: [],
  async run({ flags: { healthzSocket } }) {
    if (healthzSocket === '') throw new FlagError('--healthz-socket is missing: give the path that the program was started with')
    const { ok, text } = await asked(healthzSocket)
    console.log(text)
    return ok ? 0 : EXIT_NOT_READY
  },
}

async function asked(unix: string): Promise<{ readonly ok: boolean; readonly text: string }> {
  try {
    const answer = await fetch('http://localhost/readyz', { unix, signal: AbortSignal.timeout(ASK_MS) })
    return { ok: answer.ok, text: (await answer.text()).trimEnd() }
  } catch (error) {
    return { ok: false, text: `nobody answers on ${unix} (${String(error)})` }
  }
}
