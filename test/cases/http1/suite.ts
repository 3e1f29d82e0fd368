// One program and two origins for all http1 cases: a route for the corpus's host and one for every other host.
import { echoUpstream } from '../../support/echo.ts'
import { backend, configMap, ingress, service } from '../../support/manifests.ts'
import { start } from '../../support/program.ts'
import type { Result } from '../outcome.ts'
import type { Http1Case } from './case.ts'
import { judge } from './judge.ts'
import { observe } from './observe.ts'

/** Seconds. Short, so that a case that the proxy may also answer by timeout does not take a minute. */
const SETTINGS = { 'client-header-timeout': '2', 'client-body-timeout': '2' }

export type Http1Suite = {
  /** One case at a time: what the origins see is told apart by when it arrived. */
  run(given: Http1Case): Promise<Result>
  close(): Promise<void>
}

export async function http1Suite({
  lenient = false,
  command,
}: { lenient?: boolean; command?: readonly string[] } = {}): Promise<Http1Suite> {
  const upstreams = [await echoUpstream({ name: 'corpus' }), await echoUpstream({ name: 'default' })]
  const manifests = [
    ...upstreams.flatMap(({ name, port }) => service({ metadata: { name }, ports: [{ name: 'http', port: 80 }], endpoints: [port] })),
    ingress({ metadata: { name: 'corpus' }, rules: [{ host: 'h.test', paths: [{ backend: backend('corpus:80') }] }] }),
    ingress({ metadata: { name: 'default' }, rules: [{ paths: [{ backend: backend('default:80') }] }] }),
    configMap({ name: 'settings', namespace: 'default' }, SETTINGS),
  ]
  const end = () => Promise.all(upstreams.map((upstream) => upstream.close()))
  const program = await start({ manifests, flags: ['--configmap=default/settings'], ...(command && { command }) }).catch(
    async (error: unknown) => {
      await end()
      throw error
    },
  )
  return {
    run: async (given) => judge(given, await observe(given, { port: program.http, upstreams }), { lenient }),
    async close() {
      await program.stop()
      await end()
    },
  }
}
