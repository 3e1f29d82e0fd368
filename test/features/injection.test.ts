// Nothing that a tenant writes becomes a line of its own in a request or an answer.
import { expect, test } from 'bun:test'
import { echoUpstream } from '../support/echo.ts'
import { start } from '../support/program.ts'
import { ask, app, echoed, issues, resources, route } from './scene.ts'

const kept = resources()
const echo = await kept(echoUpstream({ name: 'origin' }))
/** Written as one octet each, these end a line and begin another. */
const LINE = '\u010d\u010aX-Injected: 1'
const annotation = (name: string, value: string) => ({ [`nginx.ingress.kubernetes.io/${name}`]: value })

test('characters above U+00FF in annotations that are written into heads', async () => {
  const program = await kept(start({
    manifests: [
      ...app('origin', echo),
      route({ to: 'origin', name: 'rewritten', host: 'rewritten.example', annotations: annotation('rewrite-target', `/a${LINE.replaceAll(' ', '')}`) }),
      route({ to: 'origin', name: 'rooted', host: 'rooted.example', annotations: annotation('app-root', `/b${LINE.replaceAll(' ', '')}`) }),
      route({ to: 'origin', name: 'vhost', host: 'vhost.example', annotations: annotation('upstream-vhost', `c${LINE}`) }),
      route({ to: 'origin', name: 'moved', host: 'moved.example', annotations: annotation('permanent-redirect', `https://d.example/${LINE.replaceAll(' ', '')}`) }),
    ],
  }))
  for (const host of ['rewritten.example', 'rooted.example', 'vhost.example', 'moved.example']) {
    const answer = await ask(program.http, { host })
    expect(answer.fields.map(([name]) => name.toLowerCase())).not.toContain('x-injected')
    expect(echoed(answer).headers.map(([name]) => name.toLowerCase())).not.toContain('x-injected')
  }
  expect(echo.connections.filter(({ invalid }) => invalid !== '')).toEqual([])
  expect((await issues(program)).map(({ field }) => field).sort()).toEqual(
    ['app-root', 'permanent-redirect', 'rewrite-target', 'upstream-vhost'].map((name) => `nginx.ingress.kubernetes.io/${name}`))
})
