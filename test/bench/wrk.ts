// The load: wrk on core 1, one thread, keep-alive connections.

export type Load = {
  readonly requests: number
  readonly seconds: number
  /** Why its numbers can't be used; undefined where every request was answered with 2xx or 3xx. */
  readonly trouble: string | undefined
}

export const connections = 64

/** Reads wrk's report. A report without a request count is trouble, not zero. */
export const parseWrk = (report: string): Load => {
  const [, requests, seconds, unit] = /(\d+) requests in ([\d.]+)(m?s)/.exec(report) ?? []
  const trouble = /Socket errors:.*|Non-2xx or 3xx responses: \d+/.exec(report)?.[0]
  if (requests === undefined || seconds === undefined) return { requests: 0, seconds: 0, trouble: `wrk: ${report.trim() || 'no report'}` }
  return { requests: Number(requests), seconds: Number(seconds) / (unit === 'ms' ? 1000 : 1), trouble }
}

export const runWrk = async ({ url, host, seconds }: { url: string; host: string; seconds: number }): Promise<Load> => {
  const wrk = Bun.spawn(['taskset', '-c', '1', 'wrk', '-t1', `-c${connections}`, `-d${seconds}s`, '-H', `Host: ${host}`, url], { stdout: 'pipe', stderr: 'pipe' })
  const [out, err] = await Promise.all([new Response(wrk.stdout).text(), new Response(wrk.stderr).text()])
  return parseWrk(await wrk.exited === 0 ? out : err)
}
