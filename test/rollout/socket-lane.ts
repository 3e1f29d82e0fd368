// A client with one WebSocket after another: each message comes back. An application that goes away says so with a close frame (1001),
// and the next opening must succeed; a connection that ends without one is a loss.
import { WebSocket } from 'ws'
import { HOST } from './http-lane.ts'
import type { Lane } from './load.ts'

const MESSAGE_EVERY_MS = 500
const NORMAL = 1000
const GOING_AWAY = 1001

export async function socketLane(lane: Lane): Promise<void> {
  for (let i = 0; !lane.isOver(); i++) {
    lane.tally.sockets++
    const { code, why } = await socket(lane)
    if (code !== NORMAL && code !== GOING_AWAY) lane.tally.lost.push(`socket ${lane.name}/${i}: ${code} ${why}`)
  }
}

/** Resolves with how it closed. */
function socket(lane: Lane): Promise<{ readonly code: number; readonly why: string }> {
  const opened = new WebSocket(`ws://127.0.0.1:${lane.port}/`, { headers: { host: HOST } })
  let why = ''
  const timer = setInterval(() => {
    if (lane.isOver()) opened.close(NORMAL)
    else if (opened.readyState === WebSocket.OPEN) opened.send(lane.name)
  }, MESSAGE_EVERY_MS)
  opened.on('open', () => opened.send(lane.name))
  opened.on('message', (message) => {
    if (String(message) !== lane.name) lane.tally.lost.push(`socket ${lane.name}: somebody else's ${String(message)}`)
    lane.tally.messages++
    lane.first()
  })
  opened.on('error', (error) => { why = error.message })
  return new Promise((resolve) => {
    opened.once('close', (code, reason) => {
      clearInterval(timer)
      resolve({ code, why: why || String(reason) })
    })
  })
}
