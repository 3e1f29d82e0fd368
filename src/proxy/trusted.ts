// The networks of proxies in front whose word is believed (proxy-real-ip-cidr). Knows neither fields nor headers.
import { BlockList, isIP } from 'node:net'

/** address: IPv4 in IPv6 as IPv4. What is no address is not trusted. */
export type Trusted = (address: string) => boolean

export const trusted = (networks: readonly string[]): Trusted => {
  const peers = new BlockList()
  for (const network of networks) {
    const [address = '', bits] = network.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    peers.addSubnet(address, Number(bits ?? (family === 'ipv6' ? 128 : 32)), family)
  }
  return (address) => {
    const version = isIP(address)
    return version !== 0 && peers.check(address, version === 6 ? 'ipv6' : 'ipv4')
  }
}
