// What tests of the PROXY protocol share: settings with annotations, and how the application sees a client whose connection begins with a header.
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { configMap } from '../support/manifests.ts'
import { parseResponse, values, type FieldLine } from '../support/http1.ts'
import { toYaml, type Program } from '../support/program.ts'
import { rawClient } from '../support/raw-client.ts'
import { applied, echoed, requestText, type Asked } from './scene.ts'

/** Keys of our own are annotations. */
export async function configureProxied(program: Program, keys: Readonly<Record<string, string>>): Promise<void> {
  const of = (own: boolean) => Object.fromEntries(Object.entries(keys).filter(([key]) => key.startsWith('lintel.dev/') === own))
  await applied(program, () => program.write('settings.yaml', toYaml([configMap({ name: 'settings', annotations: of(true) }, of(false))])))
}

export type Seen = { readonly address: string; readonly chain: string; readonly port: string; readonly proto: string }
export const seen = (fields: readonly FieldLine[]): Seen => {
  const [address = '', chain = '', port = '', proto = ''] = ['x-real-ip', 'x-forwarded-for', 'x-forwarded-port', 'x-forwarded-proto'].map((name) => values(fields, name).join(' & '))
  return { address, chain, port, proto }
}

/** What the application saw of one request behind `header`; the status where it saw none; undefined: closed without an answer. */
export async function seenBehind(port: number, header: string | Buffer, asked: Asked = {}): Promise<Seen | number | undefined> {
  const client = await rawClient(port)
  try {
    client.send(Buffer.concat([Buffer.from(header), Buffer.from(requestText(asked), 'latin1')]), [asked.method ?? 'GET'])
    const response = await client.response()
    if (response === undefined) return undefined
    return response.status === 200 ? seen(echoed(response).headers) : response.status
  } finally {
    client.destroy()
  }
}

/** The same over TLS, whose hello goes with the header in one segment. */
export async function seenBehindTls(port: number, header: string | Buffer, servername: string): Promise<Seen> {
  const raw = connectTcp({ port, host: '127.0.0.1' })
  raw.write(header)
  const secured = connectTls({ socket: raw, servername, rejectUnauthorized: false })
  try {
    return seen(echoed(await answerOf(secured, requestText())).headers)
  } finally {
    secured.destroy()
    raw.destroy()
  }
}

const answerOf = (socket: Socket, text: string) => new Promise<Parameters<typeof echoed>[0]>((resolve, reject) => {
  let received = Buffer.alloc(0)
  socket.on('data', (bytes: Buffer) => {
    received = Buffer.concat([received, bytes])
    const parsed = parseResponse(received, { method: 'GET', ended: false })
    if (parsed?.response.complete === true) resolve(parsed.response)
  })
  socket.on('error', reject).on('close', () => reject(new Error('closed without an answer')))
  socket.write(text)
})
