/**
 * Watches a message body flow by for the EICAR test file, in decoded attachments and bodies: the one piece of harmful content that is known
 * here, so that senders can test what a rejection does. SES fact: simulator, "Reject test".
 *
 * Constant memory. Where nothing is encoded it costs one search of the octets. A find is decoded and compared in full before it counts.
 */
import { PAYLOAD } from './eicar.ts'
import type { Encodings } from './part-scanner.ts'

/** More than a find takes up, with its line ends and soft breaks, behind and before the words that were searched for. */
const AROUND = 512

interface Needle {
  readonly octets: Buffer
  /** Whether the octets around, decoded, are the whole of it. */
  readonly confirm: (around: string) => boolean
}

const plain = (text: string): Needle => ({ octets: Buffer.from(text), confirm: around => unquoted(around).includes(PAYLOAD) })

/** Words that no quoted-printable writer has reason to encode; a soft line break can go through one of them at most. */
const LITERAL = [plain(PAYLOAD.slice(28, 42)), plain(PAYLOAD.slice(43, 57))] as const

const unquoted = (text: string): string =>
  text.replace(/=[ \t]*\r\n/g, '').replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))

/** At each place in a group of three octets base64 looks different; two pieces each, for a line may end within one. */
const BASE64: readonly Needle[] = [0, 1, 2].flatMap(before => {
  const skipped = (3 - before) % 3
  const whole = Buffer.from(PAYLOAD.slice(skipped, skipped + 66)).toString('base64')
  const confirm = (around: string): boolean => around.replace(/[\r\n \t]/g, '').includes(whole)
  return [whole.slice(0, 12), whole.slice(44, 56)].map(text => ({ octets: Buffer.from(text), confirm }))
})

export class EicarScanner {
  #held: Buffer = Buffer.alloc(0)
  #isFound = false

  get isFound(): boolean {
    return this.#isFound
  }

  /** @param chunk of the body, line ends as CRLF  @param encodings of the parts that have begun so far */
  update(chunk: Buffer, { base64, quotedPrintable }: Readonly<Encodings>): void {
    if (this.#isFound) return
    const octets = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    this.#isFound =
      contains(octets, LITERAL[0]) ||
      (quotedPrintable && contains(octets, LITERAL[1])) ||
      (base64 && BASE64.some(needle => contains(octets, needle)))
    this.#held = Buffer.from(octets.subarray(-2 * AROUND))
  }
}

function contains(octets: Buffer, { octets: needle, confirm }: Needle): boolean {
  for (let at = octets.indexOf(needle); at >= 0; at = octets.indexOf(needle, at + 1)) {
    if (confirm(octets.toString('latin1', Math.max(0, at - AROUND), at + AROUND))) return true
  }
  return false
}
