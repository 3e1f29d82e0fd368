// nginx's variables of the connection: its peer, and what a PROXY header said of the client. Knows no request.
import type { ConnectionRecord } from './record.ts'

type Read = (connection: ConnectionRecord) => string | undefined
type Place = { readonly address: string; readonly port: number }

/** The socket's own peer, a proxy in front or the client. */
const peer = (connection: ConnectionRecord): Place => connection.told?.by ?? connection

const told = (read: (connection: ConnectionRecord) => string | number): Read => (connection) => connection.told === null ? undefined : String(read(connection))
const tlv = (name: 'authority' | 'alpn'): Read => ({ told: header }) => header?.tlvs[name]
const ofTls = (name: 'version' | 'commonName' | 'cipher' | 'signature' | 'key'): Read => ({ told: header }) => header?.tlvs.ssl?.[name]

export const connectionVariables: ReadonlyMap<string, Read> = new Map<string, Read>([
  ['realip_remote_addr', (connection) => peer(connection).address],
  ['realip_remote_port', (connection) => String(peer(connection).port)],
  ['proxy_protocol_addr', told(({ address }) => address)],
  ['proxy_protocol_port', told(({ port }) => port)],
  ['proxy_protocol_server_addr', told(({ localAddress }) => localAddress)],
  ['proxy_protocol_server_port', told(({ localPort }) => localPort)],
  ['proxy_protocol_tlv_authority', tlv('authority')],
  ['proxy_protocol_tlv_alpn', tlv('alpn')],
  ['proxy_protocol_tlv_unique_id', ({ told: header }) => header?.tlvs.uniqueId?.toString('latin1')],
  ['proxy_protocol_tlv_ssl_version', ofTls('version')],
  ['proxy_protocol_tlv_ssl_cn', ofTls('commonName')],
  ['proxy_protocol_tlv_ssl_cipher', ofTls('cipher')],
  ['proxy_protocol_tlv_ssl_sig_alg', ofTls('signature')],
  ['proxy_protocol_tlv_ssl_key_alg', ofTls('key')],
])
