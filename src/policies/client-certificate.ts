// auth-tls-*: whether what a client has shown in its handshake is enough for the host that it asks for, and what the endpoint hears of it.
import { type FieldBlock, fieldBlock } from '../http/fields.ts'
import { ProxyError } from '../http/message.ts'
import type { ClientProof } from '../http/tls/client-proof.ts'
import type { ClientRule } from '../model.ts'
import type { Policy } from './policy.ts'

/** What two hosts must have in common for a handshake with one of them to count for the other (the class of CVE-2025-23419). */
export const handshakeRule = ({ authority, verify, depth }: ClientRule): string => `${verify} ${depth} ${authority}`

/** Where nobody was asked, or asks. */
const NOTHING = { verdict: 'NONE', foreign: false, subject: '', issuer: '', certificate: '' } as const
type Shown = Pick<ClientProof, keyof typeof NOTHING>

/**
 * In clear nothing can be shown: such requests go to HTTPS where the route does that, and count as without a certificate otherwise. On a
 * connection that was opened to a host with another rule, or before this one held, the client shall open another one (421), as nginx has it.
 */
export const clientCertificate: Policy<'clientCertificate'> = (rule, { policies }) => {
  const asked = rule.verify === 'off' ? null : handshakeRule(rule)
  const judge = judgeOf(rule)
  const fields = fieldsOf(rule)
  return function clientCertificate(c, next) {
    const { exchange: { client }, scheme } = c.env
    if (client.tls === null && scheme === 'http' && policies.httpsRedirect !== undefined) return next()
    if (client.tls !== null && asked !== null && client.tls.proof?.rule !== asked) {
      throw new ProxyError('downstream', 'misdirected', { status: 421, message: 'this connection was not asked for the client certificate of the host: open another one' })
    }
    const shown: Shown = asked === null ? NOTHING : client.tls?.proof ?? NOTHING
    const answer = judge(shown)
    if (answer !== null) return answer
    c.env.clientFields = fields(shown)
    return next()
  }
}

/** null: it is enough. An answer where the rule has a page for that; throws otherwise. */
const judgeOf = ({ verify, errorPage, subject }: ClientRule): ((shown: Shown) => Response | null) => {
  const pattern = subject === '' ? null : new RegExp(subject)
  return ({ verdict, foreign, subject: name }) => {
    const fault = verdict === 'SUCCESS' || verify === 'off' ? '' : faultOf(verify, verdict, foreign)
    if (fault !== '' && errorPage !== '') return new Response(null, { status: 302, headers: { location: errorPage } })
    if (fault !== '') throw new ProxyError('downstream', fault, { status: 400, message: MESSAGES[fault] })
    if (pattern?.test(name) === false) throw new ProxyError('downstream', 'client_certificate_subject', { status: 403, message: 'the client certificate is that of somebody else' })
    return null
  }
}

/** The words of nginx's own pages (495, 496). */
const MESSAGES = {
  client_certificate_missing: 'no required SSL certificate was sent', client_certificate_refused: 'the SSL certificate error',
} as const

const faultOf = (verify: Exclude<ClientRule['verify'], 'off'>, verdict: string, foreign: boolean): '' | keyof typeof MESSAGES => {
  if (verdict === 'NONE') return verify === 'on' ? 'client_certificate_missing' : ''
  return verify === 'optional_no_ca' && foreign ? '' : 'client_certificate_refused'
}

/** Made once for each proof: connections carry many requests. */
const fieldsOf = ({ passCertificate }: ClientRule): ((shown: Shown) => FieldBlock) => {
  const made = new WeakMap<Shown, FieldBlock>()
  return (shown) => {
    const block = made.get(shown) ?? fieldBlock([
      ['ssl-client-cert', passCertificate ? encodeURIComponent(shown.certificate) : ''], ['ssl-client-verify', shown.verdict],
      ['ssl-client-subject-dn', shown.subject], ['ssl-client-issuer-dn', shown.issuer],
    ])
    made.set(shown, block)
    return block
  }
}
