// An honest party of a conversation, client or origin: says its lines when it has heard what each one waits for, and keeps what it heard.
// Knows no protocol and no faults.
import type { Socket } from 'node:net'
import { changes, type Changes } from '../until.ts'

/** `after`: on all that was heard; absent: at once. `say`: 'end' is a half-close. */
export type Line = { readonly say: Buffer | string | 'end'; readonly after?: (heard: Buffer) => boolean }
export type Script = readonly Line[]

export type Heard = {
  bytes: Buffer
  /** fin: the other side has said all; cut: it was reset, or TLS ended without a word. */
  ended: 'no' | 'fin' | 'cut'
  /** Lines said. */
  said: number
  when: Changes['when']
}

/** Starts at once: a socket that still connects keeps what is written. */
export function speak(socket: Socket, script: Script): Heard {
  const { notify, when } = changes()
  const heard: Heard = { bytes: Buffer.alloc(0), ended: 'no', said: 0, when }
  const speakOn = () => {
    for (let line = script[heard.said]; line !== undefined && (line.after?.(heard.bytes) ?? true); line = script[heard.said]) {
      heard.said++
      if (socket.destroyed) return
      if (line.say === 'end') socket.end()
      else socket.write(Buffer.from(line.say))
    }
  }
  const end = (how: 'fin' | 'cut') => {
    if (heard.ended === 'no') heard.ended = how
    notify()
  }
  socket.on('data', (bytes: Buffer) => {
    heard.bytes = Buffer.concat([heard.bytes, bytes])
    speakOn()
    notify()
  })
  socket.on('end', () => {
    if (socket.destroyed) return end('cut') // a local destroy() emits it too (bun.md §1.2)
    end('fin')
    // In a tunnel the other direction goes on; everything else ends with its other side.
    if (script[heard.said] === undefined) socket.end()
  })
  socket.on('error', () => { end('cut'); socket.destroy() })
  socket.on('close', () => end('cut'))
  speakOn()
  return heard
}

/** For `after`: the octets contain this. */
export const hears = (text: string) => (heard: Buffer): boolean => heard.includes(text, 0, 'latin1')
