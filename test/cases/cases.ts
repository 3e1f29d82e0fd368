// Reads a case file of either format and runs its cases. What the command and the tests have in common.
import { parse } from 'yaml'
import { z } from 'zod'
import { HTTP1_CASE, isHttp1, type Http1Case } from './http1/case.ts'
import { http1Suite } from './http1/suite.ts'
import { INGRESS_CASE, type IngressCase } from './ingress/case.ts'
import { runIngressCase } from './ingress/suite.ts'
import type { Result } from './outcome.ts'

export type CaseFile =
  | { readonly format: 'http1'; readonly cases: readonly Http1Case[] }
  | { readonly format: 'ingress'; readonly cases: readonly IngressCase[] }
/** Empty: all. `feature` is an http1 case's category. */
export type Selection = { readonly only: readonly string[]; readonly features: readonly string[] }
export type RunOptions = { readonly lenient?: boolean; readonly command?: readonly string[]; readonly onResult?: (result: Result) => void }

/** Programs at once: one for each core of a small machine. */
const AT_ONCE = 2

/** Throws with the file, the case and the key that does not fit. */
export async function loadCases(file: string): Promise<CaseFile> {
  const documents = z.array(z.unknown()).parse(parse(await Bun.file(file).text()))
  const read = <T>(schema: z.ZodType<T>) =>
    documents.map((document, index) => {
      const parsed = schema.safeParse(document)
      if (parsed.success) return parsed.data
      throw new Error(`${file}: case ${index + 1}: ${z.prettifyError(parsed.error)}`)
    })
  return isHttp1(documents) ? { format: 'http1', cases: read(HTTP1_CASE) } : { format: 'ingress', cases: read(INGRESS_CASE) }
}

export function select(file: CaseFile, { only, features }: Selection): CaseFile {
  const wanted = (id: string, feature: string) =>
    (only.length === 0 || only.includes(id)) && (features.length === 0 || features.includes(feature))
  if (file.format === 'http1') return { ...file, cases: file.cases.filter(({ name, category }) => wanted(name, category)) }
  return { ...file, cases: file.cases.filter(({ id, feature }) => wanted(id, feature)) }
}

export async function runCases(file: CaseFile, options: RunOptions = {}): Promise<Result[]> {
  return file.format === 'http1' ? runHttp1(file.cases, options) : runIngress(file.cases, options)
}

async function runHttp1(cases: readonly Http1Case[], { onResult = () => {}, ...options }: RunOptions): Promise<Result[]> {
  const suite = await http1Suite(options)
  const results: Result[] = []
  try {
    for (const given of cases) {
      const result = await suite.run(given)
      results.push(result)
      onResult(result)
    }
  } finally {
    await suite.close()
  }
  return results
}

async function runIngress(cases: readonly IngressCase[], { onResult = () => {}, ...options }: RunOptions): Promise<Result[]> {
  const queue = cases.values()
  const results: Result[] = []
  const worker = async () => {
    for (const given of queue) {
      const result = await runIngressCase(given, options)
      results.push(result)
      onResult(result)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return results
}
