// How fast the endpoints of one backend answer, together: what an endpoint is compared with. Knows no endpoints.

/** An answer counts a tenth: a hundred of them forget the time before. */
const SHARE = 0.1

export class Pace {
  /** Of times to the head, ms. */
  averageMs = 0
  /** When any of them answered last. */
  answeredMs = 0

  answered(nowMs: number, headMs: number) {
    this.averageMs += (headMs - this.averageMs) * (this.answeredMs === 0 ? 1 : SHARE)
    this.answeredMs = nowMs
  }
}
