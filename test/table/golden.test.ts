// Manifests in, table and issues out: each golden/<case>.in.yaml stands beside the <case>.out.json that it must give. Review the
// difference after UPDATE_GOLDEN=1. A first line `# options: {…}` sets build options.
import { expect, test } from 'bun:test'
import { Glob } from 'bun'
import { join } from 'node:path'
import { parseManifest } from '../../src/kube/parse.ts'
import type { Policies, Route } from '../../src/model.ts'
import { defaultSettings } from '../../src/settings.ts'
import { builder, type Build } from '../../src/table/build.ts'
import { commonPolicies, routeSettings } from '../../src/table/policies.ts'
import { objectsOf, options } from './objects.ts'

const folder = join(import.meta.dir, 'golden')

for (const input of [...new Glob('*.in.yaml').scanSync(folder)].sort()) {
  test(input.replace('.in.yaml', ''), async () => {
    const text = await Bun.file(join(folder, input)).text()
    const { objects, issues } = parseManifest(text, { file: input })
    expect(issues).toEqual([])
    const over: object = JSON.parse(/^# options: (.*)/.exec(text)?.[1] ?? '{}')
    const found = `${JSON.stringify(picture(builder(options(over)).full(objectsOf(objects))), null, 2)}\n`
    const output = Bun.file(join(folder, input.replace('.in.yaml', '.out.json')))
    if (process.env.UPDATE_GOLDEN === '1') await Bun.write(output, found)
    expect(found).toBe(await output.text())
  })
}

/** What a person would look at: settings and policies only where they are not the defaults. */
function picture({ table: { global, hosts, backends, certificates }, issues }: Build) {
  return {
    global: { ...global, settings: unlike(global.settings, defaultSettings), fallback: global.fallback && route(global.fallback) },
    hosts: Object.fromEntries([...hosts].sort().map(([name, host]) => [name, { ...host, routes: host.routes.map(route) }])),
    backends: Object.fromEntries([...backends].sort()),
    certificates: [...certificates.keys()].sort(),
    issues: issues.map(({ object, field, reason }) => `${object} | ${field} | ${reason}`),
  }
}

function route({ policies, ...rest }: Route) {
  return { ...rest, policies: unlike<Policies>(policies, commonPolicies({}, routeSettings(defaultSettings), undefined)) }
}

function unlike<T extends object>(all: T, defaults: T): Record<string, unknown> {
  const known = new Map(Object.entries(defaults))
  return Object.fromEntries(Object.entries(all).filter(([key, value]) => !Bun.deepEquals(value, known.get(key))))
}
