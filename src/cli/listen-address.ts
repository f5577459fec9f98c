/** `127.0.0.1:2587`, `[::1]:0`: where a door listens, as flags write it. */
import { isIP } from 'node:net'
import { MailctlError } from '../base/errors.ts'

export interface ListenAddress {
  /** An IP literal. */
  readonly host: string
  /** 0: a free one. */
  readonly port: number
}

/** @throws MailctlError usage */
export function listenAddress(text: string): ListenAddress {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text)
  const host = match?.[1] ?? match?.[2] ?? ''
  const port = Number(match?.[3])
  if (isIP(host) !== 0 && port <= 65_535) return { host, port }
  throw new MailctlError('usage', `'${text}' is no address to listen on`, {
    hint: 'Write IP:PORT, such as 127.0.0.1:8053; port 0 picks a free one.',
  })
}

export const listenText = ({ address, port }: { readonly address: string; readonly port: number }): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
