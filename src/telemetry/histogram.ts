// A histogram with fixed upper bounds: what Prometheus prints, cheap enough to fill on every request. Knows no metric.

/** counts[i]: values up to bounds[i] and above bounds[i - 1]; the last one: above all bounds. */
export type HistogramCounts = { readonly counts: readonly number[]; readonly sum: number }

export class Histogram {
  readonly bounds: readonly number[]
  readonly #counts: Float64Array
  #sum = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.#counts = new Float64Array(bounds.length + 1)
  }

  observe(value: number): void {
    let bucket = 0
    while (bucket < this.bounds.length && value > (this.bounds[bucket] ?? Infinity)) bucket++
    this.#add(bucket, 1)
    this.#sum += value
  }

  /** Adds what another histogram with the same bounds counted. */
  add(other: HistogramCounts): void {
    other.counts.forEach((count, bucket) => this.#add(bucket, count))
    this.#sum += other.sum
  }

  toJSON(): HistogramCounts {
    return { counts: [...this.#counts], sum: this.#sum }
  }

  #add(bucket: number, count: number): void {
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + count
  }
}
