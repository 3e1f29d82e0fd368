// Bodies that compress as real ones do. Knows nothing of who sends them.

/** JSON as services send it: compresses to a sixth or so. */
export function json(octets: number): Buffer {
  const rows: string[] = []
  let state = 12_345
  const next = () => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648)
  for (let size = 0, id = 0; size < octets; id++) {
    const row = JSON.stringify({ id, name: `user ${next() % 10_000}`, email: `u${next()}@example.com`, active: next() % 2 === 0, score: next() / 1000 })
    rows.push(row)
    size += row.length + 1
  }
  return Buffer.from(rows.join(',')).subarray(0, octets)
}
