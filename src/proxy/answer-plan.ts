// What is put on answers and taken off them: add-headers, hide-headers, server-tokens, HSTS. Worked out once for each combination.
import { answerNames, type FieldBlock, fieldBlock, type NameTable } from '../http/fields.ts'
import type { FieldPair, Global } from '../model.ts'

export type AnswerPlan = { readonly block: FieldBlock; readonly names: NameTable }

export class AnswerPlans {
  readonly #global: Global
  readonly #plans = new Map<string, AnswerPlan>()

  constructor(global: Global) { this.#global = global }

  /** hsts: value of Strict-Transport-Security, `` for none (in clear, or switched off). */
  of(hsts: string): AnswerPlan {
    let plan = this.#plans.get(hsts)
    if (plan === undefined) this.#plans.set(hsts, plan = this.#make(hsts))
    return plan
  }

  /** What the proxy sets replaces what the upstream sent under the same name. */
  #make(hsts: string): AnswerPlan {
    const { settings, responseFields } = this.#global
    const pairs: FieldPair[] = [...responseFields]
    const isOwn = responseFields.some(([name]) => name.toLowerCase() === 'strict-transport-security')
    if (hsts !== '' && !isOwn) pairs.push(['Strict-Transport-Security', hsts])
    if (settings['server-tokens']) pairs.push(['Server', 'lintel'])
    const hidden = [...settings['hide-headers'], ...(settings['allow-backend-server-header'] ? [] : ['server']), ...pairs.map(([name]) => name)]
    return { block: fieldBlock(pairs), names: answerNames(hidden.map((name) => name.toLowerCase())) }
  }
}
