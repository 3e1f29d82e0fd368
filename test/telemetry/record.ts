// A finished request for the telemetry tests.
import type { RequestRecord } from '../../src/telemetry/record.ts'

export type RecordParts = Partial<RequestRecord> & { fields?: Readonly<Record<string, string>> }

export function requestRecord({ fields = {}, ...parts }: RecordParts = {}): RequestRecord {
  return {
    start: 1000, end: 1012.4, client: '203.0.113.7', connection: { address: '203.0.113.7', port: 40_000, localAddress: '198.51.100.7', localPort: 443, told: null },
    method: 'GET', target: '/tea?cup=2', protocol: 'HTTP/1.1', scheme: 'https',
    host: 'cafe.example.com', bytesIn: 312, bytesOut: 42, status: 200, reason: '', requestId: 'c0ffee',
    routeId: 'shop/cafe/cafe.example.com/prefix:/tea', ingress: 'shop/cafe', upstreamName: 'shop-tea-svc-80', alternativeName: '',
    attempts: [{ endpoint: '10.0.0.1:8080', status: 200, ms: 11.6, bytes: 42, error: '' }],
    field: (name) => fields[name] ?? '',
    ...parts,
  }
}
