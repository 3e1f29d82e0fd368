// The peer's SETTINGS (RFC 9113 §6.5): checked, and put to where they act. Unknown ones are ignored.
import { CODE, ConnectionFault, protocolFault, sizeFault } from './fault.ts'
import type { Frame } from './frame-reader.ts'
import { FLAG, SETTING, SETTING_BYTES } from './frames.ts'
import { FRAME_BYTES, MAX_31_BITS } from './limits.ts'
import type { Session } from './session.ts'

/** The largest SETTINGS_MAX_FRAME_SIZE (RFC 9113 §6.5.2). */
const MAX_FRAME_SIZE = 2 ** 24 - 1

/** Takes over each setting; returns what the frame costs of the budget for noise. */
export const readSettings = <O>(frame: Frame, session: Session<O>): number => {
  if (frame.length % SETTING_BYTES !== 0) throw sizeFault('SETTINGS that are cut off')
  if (!frame.has(FLAG.ACK) && !session.peerSettled) {
    session.peerSettled = true
    session.peerStreams = MAX_31_BITS // no limit until one is set (§6.5.2)
  }
  for (let at = frame.from; at < frame.to; at += SETTING_BYTES) set(session, frame.bytes.readUInt16BE(at), frame.bytes.readUInt32BE(at + 2))
  return 1 + frame.length / SETTING_BYTES
}

const set = <O>(session: Session<O>, key: number, value: number) => {
  switch (key) {
    case SETTING.HEADER_TABLE_SIZE: return session.sender.encoder.resize(value)
    case SETTING.ENABLE_PUSH:
      if (value > (session.role === 'client' ? 0 : 1)) throw protocolFault('a value that SETTINGS_ENABLE_PUSH has not')
      return
    case SETTING.MAX_CONCURRENT_STREAMS:
      session.peerStreams = value
      return
    case SETTING.INITIAL_WINDOW_SIZE: return setWindow(session, value)
    case SETTING.MAX_FRAME_SIZE: // frames stay at FRAME_BYTES, which every peer takes
      if (value < FRAME_BYTES || value > MAX_FRAME_SIZE) throw protocolFault('a value that SETTINGS_MAX_FRAME_SIZE has not')
      return
    case SETTING.ENABLE_CONNECT_PROTOCOL:
      if (value > 1) throw protocolFault('a value that SETTINGS_ENABLE_CONNECT_PROTOCOL has not')
      session.peerTakesConnect = value === 1
  }
}

/** Changes the windows of all streams by the difference (RFC 9113 §6.9.2). */
const setWindow = <O>(session: Session<O>, octets: number) => {
  if (octets > MAX_31_BITS) throw overflow()
  const change = octets - session.peerWindow
  session.peerWindow = octets
  for (const stream of session.streams.all()) if ((stream.sendWindow += change) > MAX_31_BITS) throw overflow()
}
const overflow = () => new ConnectionFault(CODE.FLOW_CONTROL_ERROR, 'SETTINGS_INITIAL_WINDOW_SIZE makes a window exceed 31 bits')
