// What flags name and the cluster does not have: one line for each that names it and says what to do; what comes later is used without a restart.
import { expect, test } from 'bun:test'
import { certificate } from '../support/certificate.ts'
import { until } from '../support/until.ts'
import { app, ask, cluster, ingress, scene } from './scene.ts'

const here = scene()

test('x', async () => {
  const p = await here.lintel('--watch-namespace=nowhere', '--configmap=nowhere/settings', '--default-ssl-certificate=nowhere/wildcard', '--default-backend-service=nowhere/fallback', '--publish-service=nowhere/lb', '--controller-class=absent.example/controller', '--election-id=x', '--election-ttl=2s')
  await Bun.sleep(4000)
  console.log(p.stderr.join('\n'))
})
test('y', async () => {
  const p = await here.lintel('--controller-class=absent.example/controller', '--election-id=x', '--ingress-class=absent', '--election-ttl=2s')
  await Bun.sleep(4000)
  console.log(p.stderr.join('\n'))
})
