/** A client that types SMTP by hand: sends exactly the octets given and collects whole replies. */
import { connect, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'

export interface RawReply {
  readonly code: number
  readonly lines: readonly string[]
}

export class RawSmtp {
  #socket: Socket
  #text = ''
  #replies: RawReply[] = []
  #lines: string[] = []
  #wake: (() => void) | undefined
  #ended = false

  private constructor(socket: Socket) {
    this.#socket = socket
    this.#listen()
  }

  static open(address: { readonly address: string; readonly port: number }, first?: string): Promise<RawSmtp> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: address.address, port: address.port, noDelay: true }, () => {
        socket.off('error', reject)
        resolve(new RawSmtp(socket))
      })
      socket.once('error', reject)
      if (first !== undefined) socket.write(first, 'latin1')
    })
  }

  get socket(): Socket {
    return this.#socket
  }

  #listen(): void {
    const socket = this.#socket
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => {
      this.#text += text
      for (let end = this.#text.indexOf('\r\n'); end !== -1; end = this.#text.indexOf('\r\n')) {
        const line = this.#text.slice(0, end)
        this.#text = this.#text.slice(end + 2)
        this.#lines.push(line.slice(4))
        if (line.charAt(3) === '-') continue
        this.#replies.push({ code: Number(line.slice(0, 3)), lines: this.#lines })
        this.#lines = []
      }
      this.#wake?.()
    })
    const done = (): void => {
      this.#ended = true
      this.#wake?.()
    }
    socket.on('end', done).on('close', done).on('error', done)
  }

  send(octets: string | Buffer): void {
    if (typeof octets === 'string') this.#socket.write(octets, 'latin1')
    else this.#socket.write(octets)
  }

  /** @returns the next reply, or undefined when the server hung up first */
  async reply(): Promise<RawReply | undefined> {
    while (this.#replies.length === 0) {
      if (this.#ended) return undefined
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
    return this.#replies.shift()
  }

  /** Sends one line and waits for its reply. */
  async ask(line: string): Promise<number | undefined> {
    this.send(`${line}\r\n`)
    return (await this.reply())?.code
  }

  async starttls(): Promise<TLSSocket> {
    this.#socket.removeAllListeners('data')
    const plain = this.#socket
    const secure = connectTls({ socket: plain, rejectUnauthorized: false })
    await new Promise((resolve, reject) => secure.once('secureConnect', resolve).once('error', reject))
    this.#socket = secure
    this.#text = ''
    this.#listen()
    return secure
  }

  /** Every reply until the server closes. */
  async rest(): Promise<number[]> {
    const codes: number[] = []
    for (let reply = await this.reply(); reply !== undefined; reply = await this.reply()) codes.push(reply.code)
    return codes
  }

  close(): void {
    this.#socket.destroy()
  }
}
