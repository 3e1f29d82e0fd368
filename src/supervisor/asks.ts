// Questions to other threads: matches an answer to its question, and gives up on a thread that is silent.

export class Asks {
  readonly #open = new Map<number, (answer: string) => void>()
  #last = 0

  /** `send` gets the number that the answer will carry. Rejects after `withinMs`; `whom` names the silent one. */
  async ask(send: (ask: number) => void, { whom, withinMs }: { readonly whom: string; readonly withinMs: number }): Promise<string> {
    const ask = ++this.#last
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const timer = setTimeout(() => reject(new Error(`the ${whom} did not answer within ${withinMs} ms`)), withinMs)
    this.#open.set(ask, resolve)
    send(ask)
    return promise.finally(() => {
      clearTimeout(timer)
      this.#open.delete(ask)
    })
  }

  /** null: nobody asked. An answer nobody waits for any more is dropped. */
  answer(ask: number | null, answer: string): void {
    if (ask !== null) this.#open.get(ask)?.(answer)
  }
}
