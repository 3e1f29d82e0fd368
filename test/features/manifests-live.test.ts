// A folder of manifests as people and editors write to it: every change is served, and what is broken keeps its last good state.
import { beforeAll, expect, test } from 'bun:test'
import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { echoUpstream, type Echo } from '../support/echo.ts'
import { start, toYaml, type Program } from '../support/program.ts'
import { until } from '../support/until.ts'
import { app, ask, issues, resources, route, server } from './scene.ts'

const keep = resources()
let red: Echo
let blue: Echo
let program: Program

beforeAll(async () => {
  red = await keep(echoUpstream({ name: 'red' }))
  blue = await keep(echoUpstream({ name: 'blue' }))
  program = await keep(start({ manifests: [...app('red', red), ...app('blue', blue), route({ name: 'always', to: 'red', host: 'always.example' })] }))
})

const answerOf = async (host: string) => server(await ask(program.http, { host }))
const serves = (host: string, by: string | number) => until(`${host} is answered by ${by}`, async () => await answerOf(host) === by)
const issueOf = (object: string) => until(`an issue of ${object}`, async () => (await issues(program)).find((issue) => issue.object === object))
const noIssueOf = (object: string) => until(`no issue of ${object}`, async () => !(await issues(program)).some((issue) => issue.object === object))

test('a new file, its edit and its removal are served, each with a line that says so', async () => {
  program.write('a.yaml', toYaml([route({ name: 'a', to: 'red', host: 'a.example' })]))
  await serves('a.example', 'red')
  program.write('a.yaml', toYaml([route({ name: 'a', to: 'blue', host: 'a.example' })]))
  await serves('a.example', 'blue')
  program.remove('a.yaml')
  await serves('a.example', 404)
  const lines = () => program.stderr.filter((line) => line.includes('a.yaml') && line.includes('Ingress default/a'))
  expect(await program.when(() => lines().length === 3)).toBe(true)
})

test('a file written in place, and written in two halves', async () => {
  const path = join(program.folder, 'place.yaml')
  const text = toYaml([route({ name: 'place', to: 'red', host: 'place.example' })])
  writeFileSync(path, text)
  await serves('place.example', 'red')
  writeFileSync(path, text.slice(0, 40))
  expect((await issueOf('place.yaml')).field).toStartWith('line ')
  expect(await answerOf('place.example')).toBe('red')
  writeFileSync(path, text.replaceAll('"red"', '"blue"'))
  await serves('place.example', 'blue')
  await noIssueOf('place.yaml')
})

test('a file that is emptied for a moment keeps its objects meanwhile', async () => {
  const path = join(program.folder, 'moment.yaml')
  const text = toYaml([route({ name: 'moment', to: 'red', host: 'moment.example' })])
  writeFileSync(path, text)
  await serves('moment.example', 'red')
  truncateSync(path)
  for (let i = 0; i < 3; i++) expect(await answerOf('moment.example')).toBe('red')
  writeFileSync(path, text)
  program.write('later.yaml', toYaml([route({ name: 'later', to: 'red', host: 'later.example' })]))
  await serves('later.example', 'red')
  expect(await answerOf('moment.example')).toBe('red')
})

test('a broken file keeps its last good objects, is an issue with file, line and reason, and recovers', async () => {
  program.write('b.yaml', toYaml([route({ name: 'b', to: 'red', host: 'b.example' })]))
  await serves('b.example', 'red')
  program.write('b.yaml', 'apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: b\nspec: [')
  const issue = await issueOf('b.yaml')
  expect(issue.field).toMatch(/^line [34]$/)
  expect(issue.reason).toMatch(/\w{3}/)
  expect(await program.when(() => program.stderr.some((line) => line.startsWith(`lintel: issue b.yaml ${issue.field}: `)))).toBe(true)
  expect(await answerOf('b.example')).toBe('red')
  program.write('b.yaml', toYaml([route({ name: 'b', to: 'blue', host: 'b.example' })]))
  await serves('b.example', 'blue')
  await noIssueOf('b.yaml')
})

test('an object whose new version is refused serves on in its last good one; its neighbours move', async () => {
  const pair = (good: object, to: string) => toYaml([good, route({ name: 'neighbour', to, host: 'neighbour.example' })])
  program.write('c.yaml', pair(route({ name: 'c', to: 'red', host: 'c.example' }), 'red'))
  await serves('neighbour.example', 'red')
  program.write('c.yaml', pair(route({ name: 'c', to: 'blue', host: 'c.example', path: 'no-slash' }), 'blue'))
  await serves('neighbour.example', 'blue')
  expect(await issueOf('Ingress default/c')).toMatchObject({ field: expect.stringContaining('path'), reason: expect.stringContaining('no-slash') })
  expect(await answerOf('c.example')).toBe('red')
})

test('a List and further documents in one file', async () => {
  const items = [route({ name: 'l1', to: 'red', host: 'l1.example' }), route({ name: 'l2', to: 'blue', host: 'l2.example' })]
  const list = { apiVersion: 'v1', kind: 'List', items }
  program.write('list.yml', toYaml([list, route({ name: 'l3', to: 'red', host: 'l3.example' })]))
  await serves('l3.example', 'red')
  expect([await answerOf('l1.example'), await answerOf('l2.example')]).toEqual(['red', 'blue'])
})

test('endpoints: added, moved, gone', async () => {
  program.write('d.yaml', toYaml([route({ name: 'd', to: 'moving', host: 'd.example' }), ...app('moving')]))
  await serves('d.example', 503)
  program.write('d.yaml', toYaml([route({ name: 'd', to: 'moving', host: 'd.example' }), ...app('moving', red)]))
  await serves('d.example', 'red')
  program.write('d.yaml', toYaml([route({ name: 'd', to: 'moving', host: 'd.example' }), ...app('moving', blue)]))
  await serves('d.example', 'blue')
})

test('nothing of all this touched the route that did not change', async () => {
  expect(await answerOf('always.example')).toBe('red')
})
