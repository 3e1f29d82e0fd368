// What origin, clients and program agree on. Imports nothing: several processes share it.
export const HOST = 'memory.test'
/** By this text clients know that what they asked for has come, whatever the protocol. */
export const MARK = 'lintel has answered'
