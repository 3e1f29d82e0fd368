// The ConfigMap keys that say who the client is: what proxies in front may tell, how, and which of them are believed. Knows no protocol.
import { z } from 'zod'
import { boolean, deadline, fieldName, networks } from './values.ts'

/** What a key is written as in the data of a ConfigMap can't have a slash: those of our own are annotations of the ConfigMap. */
export const PROXY_PROTOCOL_MODE = 'lintel.dev/proxy-protocol-mode'

export const clientKeys = {
  'use-forwarded-headers': boolean.prefault('false').describe('Believe X-Forwarded-For, -Proto, -Host and -Port of trusted peers'),
  'enable-real-ip': boolean.prefault('false').describe('Believe the address in forwarded-for-header of trusted peers, and nothing else of them'),
  'proxy-real-ip-cidr': networks.prefault('0.0.0.0/0')
    .describe('Trusted peers: whom forwarded fields and PROXY headers are believed. The default is every IPv4 address: name the networks of your proxies'),
  'forwarded-for-header': fieldName.prefault('X-Forwarded-For')
    .describe('Field that holds the address of the client: a list read from its end up to the first address that is not trusted. `Forwarded` is read as RFC 7239 has it, and then says protocol and host too'),
  'forwarded-host-header': fieldName.prefault('X-Forwarded-Host').describe('Field that holds the host that the client asked for'),
  'compute-full-forwarded-for': boolean.prefault('false').describe('Append to a trusted X-Forwarded-For instead of replacing it'),
  'proxy-add-original-uri-header': boolean.prefault('false').describe('Send X-Original-URI, the target as the client sent it, to endpoints'),
  'use-proxy-protocol': boolean.prefault('false')
    .describe('Connections to the HTTP and HTTPS ports begin with a header of the PROXY protocol, version 1 or 2; others are closed. What it says is believed of trusted peers'),
  'proxy-protocol-header-timeout': deadline.prefault('5s').describe('Time for that header to arrive, seconds'),
  [PROXY_PROTOCOL_MODE]: z.enum(['required', 'optional'], 'expected required or optional').prefault('required')
    .describe('An annotation of the ConfigMap. `optional`: a connection without the header is taken as it is; that of a peer that is not trusted is not asked for one'),
} as const
