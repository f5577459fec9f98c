/** Messages that signers and verifiers get wrong, as octets: header block and body apart, judged by the unit tests and by Debian's verifiers. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { bodyHasher, signHeader } from '../../src/mail/sign.ts'

export interface HardCase {
  readonly name: string
  /** Latin1. */
  readonly head: string
  readonly body: Buffer
}

const FROM = 'From: Ann <ann@sender.example>\r\n'
const PLAIN = `${FROM}To: bob@rcpt.example\r\nSubject: hello\r\nDate: Thu, 01 Jan 2026 00:00:00 +0000\r\nMessage-ID: <1@sender.example>\r\n`
const utf8 = (text: string): string => Buffer.from(text).toString('latin1')
const withBody = (name: string, body: string | Buffer): HardCase => ({
  name,
  head: `${PLAIN}\r\n`,
  body: typeof body === 'string' ? Buffer.from(body) : body,
})
const withHead = (name: string, head: string): HardCase => ({ name, head, body: Buffer.from('Hello\r\n') })

const megabytes = (count: number): Buffer => {
  const block = Buffer.from(`${'A line of text, with  two   spaces and a tab\there \r\n'.repeat(1000)}\r\n\r\n`)
  const body = Buffer.alloc(count * 1024 * 1024, block)
  body.write('\r\n', body.length - 2)
  return body
}

export const HARD_CASES: readonly HardCase[] = [
  withBody('plain', 'Hello\r\n'),
  withBody('empty body', ''),
  withBody('one empty line', '\r\n'),
  withBody('blank lines only', '\r\n\r\n\r\n'),
  withBody('white space only', '  \t\r\n \r\n\t'),
  withBody('no final line end', 'Hello'),
  withBody('a space and no final line end', 'Hello '),
  withBody('trailing spaces', 'Hello  \t \r\n  inner   runs \t of blanks\r\n \r\n\r\n'),
  withBody('leading blank lines', '\r\n\r\n \r\nHello\r\n'),
  withBody('Unicode spaces in the body', 'a\u00a0\r\n\u3000\r\nb\u2028 c\u2029\u0085 \u00a0\r\n\u00a0\r\n'),
  withBody('form feed and vertical tab', 'a \f \v b\f\r\n\v\r\n \f\r\n'),
  withBody('octets that are no UTF-8', Buffer.from([0xe9, 0xa0, 0x20, 0x20, 0xff, 0xfe, 0x85, 0x0d, 0x0a, 0xa0, 0x0d, 0x0a])),
  withBody('a NUL', 'a\0b\r\n'),
  withBody('a long line', `${'x '.repeat(50_000)}\r\n`),
  withBody('dots and a dash', '.\r\n..\r\n--\r\n.\r\n'),
  withBody('25 MB', megabytes(25)),
  withHead(
    'Unicode spaces in a field',
    `${FROM}Subject: ${utf8('\u00a0 a\u00a0 \u3000b\u2028 \u00a0')}\r\nTo: ${utf8('\u3000')} <b@c.example>\r\n\r\n`,
  ),
  withHead('octets that are no UTF-8 in a field', `${FROM}Subject: caf\xe9 \xa0 \xff\r\n\r\n`),
  withHead('form feed and vertical tab in a field', `${FROM}Subject: a \f b \v c\r\n\r\n`),
  withHead('vertical tab at the end of a field', `${FROM}Subject: a \v\r\n\r\n`),
  withHead(
    'folded fields',
    `${FROM}To: a@b.example,\r\n\tc@d.example ,\r\n   e@f.example\r\nSubject:\r\n starts on the next line\t \r\n \t and ends late \r\n\r\n`,
  ),
  withHead(
    'duplicate fields',
    `To: a@b.example\r\n${FROM}To: c@d.example\r\nCc: e@f.example\r\nTo: g@h.example\r\nSubject: one\r\nsubject: two\r\n\r\n`,
  ),
  withHead('two From fields', `From: eve@evil.example\r\n${FROM}Subject: x\r\n\r\n`),
  withHead('empty Subject', `${FROM}Subject:\r\nTo: a@b.example\r\n\r\n`),
  withHead('Subject of blanks', `${FROM}Subject:  \t \r\nTo: a@b.example\r\n\r\n`),
  withHead('odd case and no space', `FROM:Ann <ann@sender.example>\r\nsUBJECT:hello\r\nmime-version:1.0\r\n\r\n`),
  withHead(
    'many content fields',
    `${FROM}MIME-Version: 1.0\r\nContent-Type: text/plain;\r\n charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\nContent-Language: de\r\nContent-ID: <a@b>\r\nContent-Disposition: inline\r\nList-Unsubscribe: <https://sender.example/u>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nReply-To: r@sender.example\r\nReceived: by x\r\n\r\n`,
  ),
  { name: 'no blank line after the fields', head: PLAIN, body: Buffer.alloc(0) },
]

export interface SigningKey {
  readonly name: string
  readonly selector: string
  readonly privateKey: KeyObject
  /** TXT at `<selector>._domainkey.sender.example`. */
  readonly record: string
}

export const SIGNING_DOMAIN = 'sender.example'

export function signingKeys(): { readonly rsa: SigningKey; readonly ed25519: SigningKey } {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const ed = generateKeyPairSync('ed25519')
  const spki = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' })
  return {
    rsa: { name: 'rsa', selector: 'r1', privateKey: rsa.privateKey, record: `v=DKIM1; k=rsa; p=${spki(rsa.publicKey).toString('base64')}` },
    ed25519: {
      name: 'ed25519',
      selector: 'e1',
      privateKey: ed.privateKey,
      record: `v=DKIM1; k=ed25519; p=${spki(ed.publicKey).subarray(-32).toString('base64')}`,
    },
  }
}

/** One DKIM-Signature field per key, all from one body hash, fed in chunks of an awkward length. */
export async function signedBy(
  keys: readonly SigningKey[],
  { head, body }: Pick<HardCase, 'head' | 'body'>,
  at = 1_767_225_600,
): Promise<Buffer[]> {
  const hasher = bodyHasher()
  const step = body.length > 100_000 ? 65_537 : 3
  for (let i = 0; i < body.length; i += step) hasher.update(body.subarray(i, i + step))
  const bodyHash = hasher.digest()
  return Promise.all(
    keys.map(({ privateKey, selector }) =>
      signHeader({ head: Buffer.from(head, 'latin1'), bodyHash, domain: SIGNING_DOMAIN, selector, key: privateKey, at }),
    ),
  )
}

/** The signed message as it travels: SMTP ends the last line even where the author did not. RFC 5321 §4.1.1.4. */
export function signedMessage(signatures: readonly Buffer[], { head, body }: Pick<HardCase, 'head' | 'body'>): Buffer {
  const message = Buffer.concat([...signatures, Buffer.from(head, 'latin1'), body])
  return message.at(-1) === 0x0a ? message : Buffer.concat([message, Buffer.from('\r\n')])
}
