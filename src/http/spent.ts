// What was read from a socket, when nobody needs it any more. Knows octets only.

/** From here on it is cheaper than the collector, as measured: 16 KiB cost 1.3-2.1 µs with it and 2.0-2.3 without, 256 KiB 16 and 23-31. */
const LARGE_BYTES = 16_384

/**
 * Gives the memory of a large read back at once: left to the collector, reads of up to half a mebibyte pile up by the dozen, and each new one costs
 * fresh pages (bun.md §1.8). Whoever still holds a part of it finds it empty. A part of a larger buffer is left alone.
 */
export const spent = (bytes: Buffer) => {
  if (bytes.length < LARGE_BYTES) return
  const { buffer } = bytes
  if (buffer instanceof ArrayBuffer && buffer.byteLength === bytes.length) buffer.transfer(0)
}
