// Error codes of HTTP/2 (RFC 9113 §7), and the two ways to be wrong: a stream's fault ends the stream, a connection's the connection.

export const CODE = {
  NO_ERROR: 0, PROTOCOL_ERROR: 1, INTERNAL_ERROR: 2, FLOW_CONTROL_ERROR: 3, SETTINGS_TIMEOUT: 4, STREAM_CLOSED: 5, FRAME_SIZE_ERROR: 6,
  REFUSED_STREAM: 7, CANCEL: 8, COMPRESSION_ERROR: 9, CONNECT_ERROR: 10, ENHANCE_YOUR_CALM: 11, INADEQUATE_SECURITY: 12, HTTP_1_1_REQUIRED: 13,
} as const
export type Code = (typeof CODE)[keyof typeof CODE]

/** Attacks that are cut, each under its own name so that it can be counted. */
export type Flood =
  | 'rapid_reset' | 'made_you_reset' | 'malformed_flood' | 'stream_limit_flood' | 'continuation_flood' | 'header_flood' | 'padding_flood' | 'empty_data_flood'
  | 'ping_flood' | 'settings_flood' | 'priority_flood' | 'window_update_flood' | 'reset_flood' | 'goaway_flood' | 'unknown_frame_flood'

/** For metrics and logs: a flood, time that was up, a defect of ours, or which rule of the protocol was broken. */
export type Reason = Flood | 'timeout_header' | 'settings_timeout' | 'protocol_error' | 'flow_control_error' | 'frame_size_error' | 'stream_closed' | 'compression_error' | 'internal_error'

const REASONS = new Map<Code, Reason>([
  [CODE.FLOW_CONTROL_ERROR, 'flow_control_error'], [CODE.FRAME_SIZE_ERROR, 'frame_size_error'], [CODE.STREAM_CLOSED, 'stream_closed'],
  [CODE.COMPRESSION_ERROR, 'compression_error'], [CODE.INTERNAL_ERROR, 'internal_error'], [CODE.SETTINGS_TIMEOUT, 'settings_timeout'],
])

/** Thrown while a connection reads, and caught before anyone outside sees it. `message` is for people, and goes to the peer with GOAWAY. */
export class ConnectionFault extends Error {
  readonly code: Code
  readonly reason: Reason
  constructor(code: Code, message: string, reason: Reason = REASONS.get(code) ?? 'protocol_error') {
    super(message)
    this.code = code
    this.reason = reason
  }
}

export const protocolFault = (message: string) => new ConnectionFault(CODE.PROTOCOL_ERROR, message)
export const sizeFault = (message: string) => new ConnectionFault(CODE.FRAME_SIZE_ERROR, message)
export const flood = (reason: Flood) => new ConnectionFault(CODE.ENHANCE_YOUR_CALM, reason, reason)
