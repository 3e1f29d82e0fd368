// A thread that sleeps: timers of an event loop have a grain of 1 ms and wait for what it does, a futex has neither. Posts a message for each
// request when it is due, and then 'end'.
declare const self: Worker

export type PaceMessage = 'due' | 'end'

const never = new Int32Array(new SharedArrayBuffer(4))

self.onmessage = ({ data: { rate, total } }: MessageEvent<{ rate: number; total: number }>) => {
  const from = performance.now()
  for (let n = 0; n < total; n++) {
    const wait = from + n * 1000 / rate - performance.now()
    if (wait > 0) Atomics.wait(never, 0, 0, wait)
    self.postMessage('due' satisfies PaceMessage)
  }
  self.postMessage('end' satisfies PaceMessage)
}
