// Debian's Chromium, headless, with a profile and a store of certificates of its own. Knows nothing of the proxy.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const TOOLS = ['chromium', 'certutil', 'pk12util', 'openssl'] as const
export const missing = TOOLS.filter((tool) => Bun.which(tool) === null)
/** A cold start of a browser on a busy machine. */
const PAGE_MS = 60_000

/** PEM. trusted: an authority. client: what it shows to whoever asks, its certificate and key. */
export type Store = { readonly trusted: string; readonly client?: { readonly cert: string; readonly key: string } }

export class Chromium {
  readonly #home = mkdtempSync(join(tmpdir(), 'lintel-chromium-'))

  static async create(store: Store): Promise<Chromium> {
    const chromium = new Chromium()
    await chromium.#fill(store)
    return chromium
  }

  async #fill({ trusted, client }: Store) {
    const database = `sql:${join(this.#home, '.pki/nssdb')}`
    mkdirSync(join(this.#home, '.pki/nssdb'), { recursive: true })
    const file = (name: string, text: string) => { writeFileSync(join(this.#home, name), text); return join(this.#home, name) }
    await this.#run('certutil', '-N', '-d', database, '--empty-password')
    await this.#run('certutil', '-A', '-d', database, '-n', 'authority', '-t', 'C,,', '-i', file('authority.pem', trusted))
    if (client === undefined) return
    const pfx = join(this.#home, 'client.p12')
    await this.#run('openssl', 'pkcs12', '-export', '-in', file('client.pem', client.cert), '-inkey', file('client.key', client.key), '-out', pfx, '-passout', 'pass:')
    await this.#run('pk12util', '-i', pfx, '-d', database, '-W', '', '-K', '')
  }

  async #run(...command: readonly string[]): Promise<string> {
    const child = Bun.spawn([...command], { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe', env: { ...process.env, HOME: this.#home }, timeout: PAGE_MS })
    const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
    if (await child.exited !== 0) throw new Error(`${command[0]} ended with ${child.exitCode}: ${err}`)
    return out
  }

  /** The page as it is shown; every name leads to this machine. */
  page(url: string): Promise<string> {
    return this.#run('chromium', '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking', '--no-first-run', `--user-data-dir=${join(this.#home, 'profile')}`,
      '--host-resolver-rules=MAP * 127.0.0.1', '--dump-dom', url)
  }

  close() { rmSync(this.#home, { recursive: true, force: true }) }
}
