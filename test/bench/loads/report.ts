// The report of a load that is a process of ours: one line of JSON.
import { z } from 'zod'
import { type LoadReport, unusable } from './load.ts'

const report = z.object({
  requests: z.number(), seconds: z.number(), octets: z.number(), trouble: z.string().optional(),
  latency: z.object({ p50: z.number(), p99: z.number(), p999: z.number() }).optional(),
})

export const parseReport = (output: string): LoadReport => {
  try {
    const { trouble, latency, ...counts } = report.parse(JSON.parse(output))
    return { ...counts, trouble, ...(latency && { latency }) }
  } catch {
    return unusable(`no report: ${output.trim()}`)
  }
}
