// The café example as people paste it, in both of its shapes, over HTTP and HTTPS.
import { beforeAll, describe, expect, test } from 'bun:test'
import { TLSSocket } from 'node:tls'
import { certificate } from '../support/certificate.ts'
import { echoUpstream } from '../support/echo.ts'
import { values } from '../support/http1.ts'
import { tlsSecret } from '../support/manifests.ts'
import { start, toYaml, type Program } from '../support/program.ts'
import { rawClient } from '../support/raw-client.ts'
import { app, ask, echoed, issues, resources } from './scene.ts'

const LEGACY = `apiVersion: extensions/v1beta1
kind: Ingress
metadata:
  name: cafe-ingress
spec:
  tls:
  - hosts:
    - cafe.example.com
    secretName: cafe-secret
  rules:
  - host: cafe.example.com
    http:
      paths:
      - path: /tea
        backend:
          serviceName: tea-svc
          servicePort: 80
      - path: /coffee
        backend:
          serviceName: coffee-svc
          servicePort: 80
`

const PRESENT = `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: cafe-ingress
spec:
  tls:
  - hosts:
    - cafe.example.com
    secretName: cafe-secret
  rules:
  - host: cafe.example.com
    http:
      paths:
      - path: /tea
        pathType: Prefix
        backend:
          service:
            name: tea-svc
            port:
              number: 80
      - path: /coffee
        pathType: Prefix
        backend:
          service:
            name: coffee-svc
            port:
              number: 80
`

const HOST = 'cafe.example.com'
const tls = { servername: HOST }
const keep = resources()

describe.each([['extensions/v1beta1', LEGACY], ['networking.k8s.io/v1', PRESENT]])('the café as %s', (_, text) => {
  let program: Program
  beforeAll(async () => {
    const tea = await keep(echoUpstream({ name: 'tea' }))
    const coffee = await keep(echoUpstream({ name: 'coffee' }))
    const rest = toYaml([...app('tea-svc', tea), ...app('coffee-svc', coffee), tlsSecret({ name: 'cafe-secret' }, await certificate({ names: [HOST] }))])
    program = await keep(start({ manifests: `${text}---\n${rest}` }))
  })

  test('nothing of it is an issue', async () => { expect(await issues(program)).toEqual([]) })

  test.each(['tea', 'coffee'])('/%s is served over HTTPS by its own backend, with HSTS', async (name) => {
    const response = await ask(program.https, { host: HOST, target: `/${name}?milk=1`, tls })
    expect(echoed(response)).toMatchObject({ served_by: name, method: 'GET', path: `/${name}?milk=1` })
    expect(values(response.fields, 'strict-transport-security')).toEqual(['max-age=31536000; includeSubDomains'])
  })

  test('HTTP is redirected to HTTPS with 308, without HSTS', async () => {
    const response = await ask(program.http, { host: HOST, target: '/tea?milk=1' })
    expect(response.status).toBe(308)
    expect(values(response.fields, 'location')).toEqual([`https://${HOST}/tea?milk=1`])
    expect(values(response.fields, 'strict-transport-security')).toEqual([])
  })

  test.each([
    ['an unknown path', HOST, '/juice'],
    ['a path that only begins like one', HOST, '/teapot'],
    ['an unknown host', 'bar.example.com', '/tea'],
  ])('%s is 404', async (_, host, target) => {
    const response = await ask(program.https, { host, target, tls: { servername: host } })
    expect(response).toMatchObject({ status: 404, body: expect.stringContaining('404 Not Found') })
  })

  test.each([
    ['the name of the Ingress: the certificate of the Secret', HOST, HOST],
    ['the name in capitals', 'CAFE.example.com', HOST],
    ['another name: the default certificate', 'bar.example.com', 'Kubernetes Ingress Controller Fake Certificate'],
    ['no name', undefined, 'Kubernetes Ingress Controller Fake Certificate'],
  ])('SNI with %s', async (_, servername, subject) => {
    const { socket } = await keep(rawClient(program.https, { tls: servername === undefined ? {} : { servername } }))
    if (!(socket instanceof TLSSocket)) throw new Error('not TLS')
    expect(socket.getPeerCertificate().subject.CN).toBe(subject)
  })
})
