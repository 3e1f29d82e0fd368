// Texts with variables that routes ask for with each request, compiled once. Knows no variable.
import { LRUCache } from 'lru-cache'
import { plainText, type Render } from '../telemetry/template.ts'

/** Kept compiled; those of Ingresses that are long gone give way. */
const MAX_TEMPLATES = 1024

export class Texts {
  readonly #compiled = new LRUCache<string, Render>({ max: MAX_TEMPLATES })

  of(template: string): Render {
    let render = this.#compiled.get(template)
    if (render === undefined) this.#compiled.set(template, render = plainText(template))
    return render
  }
}
