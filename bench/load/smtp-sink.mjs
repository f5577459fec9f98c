// A receiver that takes every message and throws it away: a process of its own, for where Postfix's smtp-sink is not installed or cannot
// tell what is asked. Speaks RFC 5321 with PIPELINING, and 8BITMIME; a message ends at CRLF.CRLF only.
//
// Parent → `{ until: N }`. Sink → `{ port }` once, then `{ reached, at, head }` when N recipients have been accepted since it started: the
// moment in epoch milliseconds, and the header block of the first message.
import { createServer } from 'node:net'

const [port = '0'] = process.argv.slice(2)
const END_OF_DATA = Buffer.from('\r\n.\r\n')
/** As many last octets of a piece may be the beginning of the end. */
const KEPT = END_OF_DATA.length - 1
const REPLIES = { EHLO: '250-sink.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 0\r\n', DATA: '354 go ahead\r\n', QUIT: '221 bye\r\n' }

let recipients = 0
let until = Number.POSITIVE_INFINITY
let head

function report() {
  if (recipients < until) return
  process.send({ reached: recipients, at: performance.timeOrigin + performance.now(), head })
  until = Number.POSITIVE_INFINITY
}

function converse(socket) {
  /** What has come and is not used yet: part of a command line, or the last octets of data. */
  let rest = Buffer.alloc(0)
  let inData = false
  let accepted = 0
  /** Pieces of the very first message, for its header. */
  let first

  function command(line) {
    const verb = line.slice(0, 4).toUpperCase()
    if (verb === 'RCPT') accepted += 1
    if (verb === 'MAIL' || verb === 'RSET') accepted = 0
    if (verb === 'DATA') {
      inData = true
      first = head === undefined ? [] : undefined
    }
    return REPLIES[verb] ?? '250 ok\r\n'
  }

  /** @returns what follows the message, or undefined while its end has not come */
  function data(octets) {
    const end = octets.indexOf(END_OF_DATA)
    first?.push(end < 0 ? octets.subarray(0, -KEPT) : octets.subarray(0, end))
    if (end < 0) return undefined
    if (first !== undefined) head ??= Buffer.concat(first).toString('latin1', 2).split('\r\n\r\n', 1)[0]
    inData = false
    recipients += accepted
    accepted = 0
    return octets.subarray(end + END_OF_DATA.length)
  }

  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  socket.on('data', chunk => {
    let octets = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let replies = ''
    for (;;) {
      if (inData) {
        const after = data(octets)
        if (after === undefined) {
          rest = octets.subarray(-KEPT)
          break
        }
        replies += '250 2.0.0 taken\r\n'
        octets = after
        continue
      }
      const end = octets.indexOf('\r\n')
      if (end < 0) {
        rest = octets
        break
      }
      const reply = command(octets.toString('latin1', 0, end))
      // The line end of DATA stays: in a message without a line it is the one before the final dot.
      octets = octets.subarray(inData ? end : end + 2)
      replies += reply
      if (reply === REPLIES.QUIT) {
        socket.end(replies)
        report()
        return
      }
    }
    if (replies !== '') socket.write(replies)
    report()
  })
  socket.write('220 sink.test ESMTP\r\n')
}

process.on('message', ask => {
  until = ask.until
  report()
})
process.on('disconnect', () => process.exit())
const server = createServer(converse)
server.listen({ host: '127.0.0.1', port: Number(port), backlog: 1024 }, () => process.send({ port: server.address().port }))
