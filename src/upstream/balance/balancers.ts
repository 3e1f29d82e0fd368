// Which balancer the options of a backend name. Knows nothing of how they work.
import type { Backend } from '../../model.ts'
import { type Balancer, live, type Sources } from './balancer.ts'
import { Hash } from './hash.ts'
import { LeastConnections } from './least-connections.ts'
import { PeakEwma } from './peak-ewma.ts'
import { RoundRobin } from './round-robin.ts'
import { Sticky } from './sticky.ts'

export const balancerOf = ({ options: { balance }, secret = '' }: Pick<Backend, 'options' | 'secret'>, sources: Sources = live): Balancer => {
  switch (balance.kind) {
    case 'round_robin': return new RoundRobin(sources)
    case 'least_conn': return new LeastConnections(sources)
    case 'ewma': return new PeakEwma(sources)
    case 'hash': return new Hash(balance, sources)
    case 'sticky': return new Sticky({ persistent: balance.persistent, secret }, sources)
  }
}
