// A demo backend on loopback: says who it is and what reached it, so that one curl shows what the proxy adds.

export type DemoBackend = { readonly service: string; readonly port: number; stop(): Promise<void> }

export const demoBackend = (service: string): DemoBackend => {
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch(request) {
      const fields = [...request.headers].map(([name, value]) => `${name}: ${value}`)
      return new Response([`${service} says hello`, `${request.method} ${new URL(request.url).pathname}`, ...fields, ''].join('\n'))
    },
  })
  return { service, port: server.port ?? 0, stop: () => server.stop(true) }
}
