// The networks of proxies in front whose word is believed (proxy-real-ip-cidr). Knows neither fields nor headers.
import { BlockList, isIP, isIPv4 } from 'node:net'
import { canonical } from '../http/address.ts'

/** address: IPv4 in IPv6 as IPv4. What is no address is not trusted. */
export type Trusted = (address: string) => boolean

/** Where IPv4 begins in an IPv4-mapped network. */
const MAPPED_BITS = 96

/** One list for each version: BlockList finds IPv4 in `::/0`, which nginx does not. */
export const trusted = (networks: readonly string[]): Trusted => {
  const [ipv4, ipv6] = [new BlockList(), new BlockList()]
  for (const network of networks) {
    const [text = '', length] = network.split('/')
    const bits = Number(length ?? (isIPv4(text) ? 32 : 128))
    const address = canonical(text) ?? text
    if (isIPv4(text)) ipv4.addSubnet(address, bits, 'ipv4')
    else if (isIPv4(address) && bits >= MAPPED_BITS) ipv4.addSubnet(address, bits - MAPPED_BITS, 'ipv4')
    else ipv6.addSubnet(text, bits, 'ipv6')
  }
  return (address) => {
    const version = isIP(address)
    if (version === 0) return false
    return version === 4 ? ipv4.check(address, 'ipv4') : ipv6.check(address, 'ipv6')
  }
}
