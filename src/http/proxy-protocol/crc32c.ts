// CRC32C (RFC 9260 appendix A), which Bun does not have. Knows no headers.

/** 0x1edc6f41, lowest bit first. */
const POLYNOMIAL = 0x82f63b78

const TABLE = Uint32Array.from({ length: 256 }, (_, octet) => {
  let value = octet
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1
  return value >>> 0
})

/** Goes on from `before`, the checksum of what stands before. */
export const crc32c = (bytes: Uint8Array, before = 0): number => {
  let value = ~before
  for (const octet of bytes) value = TABLE[(value ^ octet) & 255]! ^ (value >>> 8)
  return ~value >>> 0
}
