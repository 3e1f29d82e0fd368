// Active checks by grpc.health.v1: a server that does not say that it serves gets no calls until it does, whatever it says or does instead.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import * as grpc from '@grpc/grpc-js'
import { certificate } from '../support/certificate.ts'
import { echoUpstream } from '../support/echo.ts'
import { start, toYaml, type Program } from '../support/program.ts'
import { until } from '../support/until.ts'
import { h2Client, head, textOf } from './http2-client.ts'
import { app, applied, issues, resources, route } from './scene.ts'
import { deafUpstream } from './silent.ts'

const same = (octets: Buffer) => octets
const unary = (path: string) => ({ path, requestStream: false, responseStream: false, requestSerialize: same, requestDeserialize: same, responseSerialize: same, responseDeserialize: same } as const)
/** HealthCheckResponse by its status, and what else may come. */
type Mood = 'UNKNOWN' | 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN' | 'UNIMPLEMENTED' | 'silent'
const STATUSES: readonly string[] = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN']

const servers: grpc.Server[] = []
afterAll(() => { for (const server of servers) server.forceShutdown() })

/** A gRPC server that answers calls with its name, and checks by its mood. */
async function grpcServer(name: string, credentials = grpc.ServerCredentials.createInsecure()) {
  const state: { mood: Mood; checks: number } = { mood: 'SERVING', checks: 0 }
  const check: grpc.handleUnaryCall<Buffer, Buffer> = ({ request }, answer) => {
    if (request.length > 0) throw new Error('the check asks for a service')
    state.checks++
    if (state.mood === 'UNIMPLEMENTED') return answer({ code: grpc.status.UNIMPLEMENTED })
    const status = STATUSES.indexOf(state.mood)
    if (status >= 0) answer(null, status === 0 ? Buffer.alloc(0) : Buffer.from([8, status]))
  }
  const who: grpc.handleUnaryCall<Buffer, Buffer> = (_, answer) => answer(null, Buffer.from(name))
  const server = new grpc.Server()
  server.addService({ check: unary('/grpc.health.v1.Health/Check'), who: unary('/test.Calls/Who') }, { check, who })
  servers.push(server)
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) => { if (error === null) resolve(bound); else reject(error) })
  })
  return { port, state }
}

const keep = resources()
let program: Program
beforeAll(async () => { program = await keep(start({ manifests: [] })) })

const CHECK = { 'lintel.dev/health-check-type': 'grpc', 'lintel.dev/health-check-interval': '50ms', 'lintel.dev/health-check-timeout': '300ms', 'lintel.dev/health-check-unhealthy-threshold': '2' }
const serve = (name: string, endpoints: readonly { readonly port: number }[], protocol = 'GRPC') => applied(program, () => program.write(`${name}.yaml`, toYaml([
  ...app(name, ...endpoints), route({ to: name, host: `${name}.example`, annotations: { 'nginx.ingress.kubernetes.io/backend-protocol': protocol, ...CHECK } }),
])))
async function unwell(name: string): Promise<number[]> {
  const { backends } = await program.get('/table') as { backends: { key: string; unwell?: { port: number }[] }[] }
  return backends.find(({ key }) => key.startsWith(`default/${name}:`))?.unwell?.map(({ port }) => port) ?? []
}
/** Who answers so many calls. */
async function who(name: string, calls: number): Promise<Set<string>> {
  const client = await keep(h2Client(program.http))
  const seen = new Set<string>()
  for (let i = 0; i < calls; i++) {
    const stream = client.open(head('/test.Calls/Who', { ':authority': `${name}.example`, ':method': 'POST' }, [['content-type', 'application/grpc'], ['te', 'trailers']]), { end: false })
    client.upload(stream, Buffer.alloc(5))
    seen.add(textOf(await client.done(stream)).slice(5))
  }
  return seen
}

describe.each([['GRPC'], ['GRPCS']])('%s', (protocol) => {
  const credentials = async () => {
    if (protocol === 'GRPC') return grpc.ServerCredentials.createInsecure()
    const { cert, key } = await certificate({ names: ['self.signed'] })
    return grpc.ServerCredentials.createSsl(null, [{ cert_chain: Buffer.from(cert), private_key: Buffer.from(key) }])
  }
  test.concurrent.each<[Mood, reason: string]>([
    ['NOT_SERVING', 'it does not say that it serves'], ['UNKNOWN', 'it does not say that it serves'], ['SERVICE_UNKNOWN', 'it does not say that it serves'],
    ['UNIMPLEMENTED', 'it does not say that it serves'], ['silent', 'it did not answer within 300 ms'],
  ])('%s: no calls, until it serves again', async (mood, reason) => {
    const name = `${protocol}-${mood.replace('_', '-')}`.toLowerCase()
    const [good, bad] = [await grpcServer('good', await credentials()), await grpcServer('bad', await credentials())]
    await serve(name, [good, bad], protocol)
    await until('both are checked and serve', () => good.state.checks > 1 && bad.state.checks > 1)
    expect([await unwell(name), await who(name, 4)]).toEqual([[], new Set(['good', 'bad'])])
    bad.state.mood = mood
    await until('the finding', async () => (await unwell(name)).includes(bad.port))
    const line = `endpoint 127.0.0.1 port ${bad.port} of default/${name}:80`
    await until('a line of it', () => program.stderr.some((text) => text.includes(line) && text.endsWith(`is unwell: ${reason}`)))
    expect(await who(name, 10)).toEqual(new Set(['good']))
    bad.state.mood = 'SERVING'
    await until('it is well again', async () => (await unwell(name)).length === 0)
    await until('it gets calls', async () => (await who(name, 4)).size === 2)
  })
})

test('what is no gRPC server, or takes nothing, is unwell too, and says why', async () => {
  const [good, http, deaf, gone] = [await grpcServer('good'), await keep(echoUpstream()), await keep(deafUpstream()), await keep(deafUpstream())]
  gone.close()
  // More than half is well: the others are left out.
  const others = [await grpcServer('good'), await grpcServer('good')]
  await serve('strange', [good, http, deaf, gone, ...others])
  await until('the findings', async () => (await unwell('strange')).length === 3)
  expect((await unwell('strange')).toSorted()).toEqual([http.port, deaf.port, gone.port].toSorted())
  const why = ({ port }: { readonly port: number }) => program.stderr.find((line) => line.includes(`port ${port} of default/strange:80`))?.replace(/^.*is unwell: /, '')
  await until('a line of each', () => why(deaf) !== undefined && why(gone) !== undefined)
  expect([why(deaf), why(gone)]).toEqual(['it did not answer within 300 ms', 'it takes no connection'])
  expect(await who('strange', 9)).toEqual(new Set(['good']))
})

test('another type is an issue, and checks nothing', async () => {
  const name = 'mistyped'
  await applied(program, () => program.write(`${name}.yaml`, toYaml([...app(name, { port: 9 }), route({ to: name, host: `${name}.example`, annotations: { ...CHECK, 'lintel.dev/health-check-type': 'gRPC' } })])))
  expect((await issues(program)).filter(({ object }) => object === `Ingress default/${name}`)).toEqual([
    { object: `Ingress default/${name}`, field: 'lintel.dev/health-check-type', reason: '"gRPC": expected http, tcp or grpc; ignored, the default holds' },
  ])
  expect(await unwell(name)).toEqual([])
})
