// Headers of version 2 put together by hand, from the text of the specification and not with what is tested.

export const SIGNATURE = '0d0a0d0a000d0a515549540a'

export type Made = { readonly command?: number; readonly family: number; readonly block: Buffer; readonly length?: number }

/** length: where it shall differ from that of the block. */
export const made = ({ command = 0x21, family, block, length = block.length }: Made): Buffer =>
  Buffer.concat([Buffer.from(SIGNATURE, 'hex'), Buffer.from([command, family, length >> 8, length & 255]), block])

export const tlv = (type: number, value: Buffer | string): Buffer => {
  const octets = Buffer.from(value)
  return Buffer.concat([Buffer.from([type, octets.length >> 8, octets.length & 255]), octets])
}

/** 192.0.2.1:56324 to 198.51.100.7:443. */
export const IPV4_BLOCK = Buffer.from('c0000201c6336407dc0401bb', 'hex')
/** [2001:db8::1]:56324 to [2001:db8::7]:443. */
export const IPV6_BLOCK = Buffer.from('20010db800000000000000000000000120010db8000000000000000000000007dc0401bb', 'hex')

/** Bit by bit: the tested one has a table. */
const crc32c = (bytes: Buffer): number => {
  let sum = 0xffffffff
  for (const octet of bytes) {
    sum ^= octet
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0x82f63b78 : 0)
  }
  return ~sum >>> 0
}

/** The header with a checksum TLV before those. */
export const summed = (family: number, addresses: Buffer, tlvs: Buffer): Buffer => {
  const header = made({ family, block: Buffer.concat([addresses, tlv(0x03, Buffer.alloc(4)), tlvs]) })
  header.writeUInt32BE(crc32c(header), 16 + addresses.length + 3)
  return header
}
