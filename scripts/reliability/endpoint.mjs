// The endpoint at the end of an event destination: an HTTP server that fails now and then, and writes down what it was sent and what it took.
// Written without any code of mailctl. It outlives the engines, so its log is what really happened.
import { createServer } from 'node:http'

/**
 * @typedef {{ offered: number, takenAt: number | undefined, takes: number }} Seen  `takenAt`: its place among all first takes
 */

/** @param {{ share: number, random: { happens: (share: number) => boolean, pick: <T>(list: T[]) => T } }} failing  @param {() => void} onTake */
export async function startEndpoint({ share, random }, onTake) {
  /** @type {Map<string, Seen>} by message id and event type */
  const seen = new Map()
  let firstTakes = 0
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', text => {
      body += text
    })
    request.on('end', () => {
      const event = JSON.parse(body)
      const key = `${event.mail.messageId} ${event.eventType}`
      const one = seen.get(key) ?? { offered: 0, takenAt: undefined, takes: 0 }
      seen.set(key, one)
      one.offered += 1
      if (random.happens(share)) {
        // Half of the failures say so; the others are a connection that ends without a word.
        if (random.happens(0.5)) response.writeHead(random.pick([500, 503, 429]), { connection: 'keep-alive' }).end('not now')
        else request.socket.destroy()
        return
      }
      one.takes += 1
      if (one.takenAt === undefined) {
        one.takenAt = firstTakes
        firstTakes += 1
      }
      response.end()
      onTake()
    })
  })
  await new Promise(done => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${server.address().port}/events`,
    seen,
    /** Events that were taken at least once. */
    taken: () => firstTakes,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
