// Prometheus' text format (version 0.0.4): families of samples → text. Knows no metric.
import type { Histogram } from './histogram.ts'

export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

export type Labels = Readonly<Record<string, string>>
export type Sample = { readonly labels: Labels; readonly value: number }

export function counter(name: string, help: string, samples: Iterable<Sample>): string {
  return head('counter', name, help) + [...samples].map(({ labels, value }) => line(name, labels, value)).join('')
}

export function gauge(name: string, help: string, samples: Iterable<Sample>): string {
  return head('gauge', name, help) + [...samples].map(({ labels, value }) => line(name, labels, value)).join('')
}

export function histogram(name: string, help: string, samples: Iterable<{ readonly labels: Labels; readonly value: Histogram }>): string {
  return head('histogram', name, help) + [...samples].map(({ labels, value }) => series(name, labels, value)).join('')
}

function head(type: string, name: string, help: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`
}

/** Buckets are cumulative in the text; a Histogram counts each apart. */
function series(name: string, labels: Labels, histogram: Histogram): string {
  const { counts, sum } = histogram.toJSON()
  let total = 0
  const buckets = counts.map((count, bucket) => {
    total += count
    return line(`${name}_bucket`, { ...labels, le: number(histogram.bounds[bucket] ?? Infinity) }, total)
  })
  return buckets.join('') + line(`${name}_sum`, labels, sum) + line(`${name}_count`, labels, total)
}

function line(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escape(text)}"`)
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${number(value)}\n`
}

function escape(text: string): string {
  return text.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`))
}

function number(value: number): string {
  return value === Infinity ? '+Inf' : String(value)
}
