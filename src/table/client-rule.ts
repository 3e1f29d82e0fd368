// The auth-tls-* annotations of one Ingress → the rule for client certificates that it wants for its hosts. Knows no Secrets.
import type { ClientRule } from '../model.ts'
import type { HandshakeDraft } from './draft.ts'
import type { Reading } from './reading.ts'
import { handshakeOf } from './tls-annotations.ts'

type Wish = Pick<HandshakeDraft, 'client' | 'field' | 'fault'>

export function handshakeDraft(reading: Reading): HandshakeDraft {
  return { ...handshakeOf(reading.annotations.values), ...clientWish(reading) }
}

/** ingress-nginx's; a depth of 0 means it too. */
const DEPTH = 1

function clientWish(reading: Reading): Wish {
  const { ingress, annotations: { values, closed }, context: { options } } = reading
  const secret = values['auth-tls-secret']
  const broken = closed.find((name) => name.startsWith('auth-tls-'))
  if (broken !== undefined) return { fault: `annotation ${broken} has no valid value` }
  if (secret === undefined) return withoutSecret(reading)
  if (!secret.startsWith(`${ingress.meta.namespace}/`)) {
    return refuse(reading, 'auth-tls-secret', `Secret ${secret} is in another namespace: all of the host answers 403; use one in ${ingress.meta.namespace}`)
  }
  const client: ClientRule = {
    authority: secret,
    verify: values['auth-tls-verify-client'] ?? 'on',
    depth: values['auth-tls-verify-depth'] || DEPTH,
    errorPage: values['auth-tls-error-page'] ?? '',
    passCertificate: values['auth-tls-pass-certificate-to-upstream'] ?? false,
    subject: values['auth-tls-match-cn'] ?? '',
  }
  return { client, field: `${options.annotationsPrefix}/auth-tls-secret` }
}

/** Whoever asks for certificates means to be protected, and ingress-nginx serves anybody then. */
function withoutSecret(reading: Reading): Wish {
  const { values } = reading.annotations
  const asks = values['auth-tls-match-cn'] !== undefined ? 'auth-tls-match-cn' : values['auth-tls-verify-client'] === 'on' ? 'auth-tls-verify-client' : undefined
  if (asks !== undefined) return refuse(reading, asks, 'protects nothing without auth-tls-secret: all of the host answers 403; name the Secret with the authority')
  for (const name of ['auth-tls-verify-client', 'auth-tls-verify-depth', 'auth-tls-error-page', 'auth-tls-pass-certificate-to-upstream'] as const) {
    if (values[name] !== undefined) note(reading, name, 'has no effect without auth-tls-secret: add it')
  }
  return {}
}

function refuse(reading: Reading, name: string, reason: string): Wish {
  note(reading, name, reason)
  return { fault: `annotation ${name} can not be honoured` }
}

function note({ object, context: { options }, issues }: Reading, name: string, reason: string): void {
  issues.push({ object, field: `${options.annotationsPrefix}/${name}`, reason })
}
