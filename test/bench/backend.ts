// What both proxies forward to: one fixed small answer for each read, nothing parsed, so that core 1 is left to the load.
// A proxy sends a small GET in one write and waits for its answer: one read is one request.
const answer = Buffer.from('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, world\n', 'latin1')

const server = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data: (socket) => { socket.write(answer) } } })
console.log(server.port)
