/** Undoing a Content-Transfer-Encoding (RFC 2045 §6) line by line, as leniently as mail needs it. Never throws, keeps no more than a line. */
import { trimWspEnd } from './white-space.ts'

export interface Decoder {
  /** @param line with its line end, or a piece of a very long line */
  line(line: Buffer): Buffer
  end(): Buffer
}

const LF = 0x0a
const NOTHING = Buffer.alloc(0)
const AS_IT_IS: Decoder = { line: line => line, end: () => NOTHING }

/** Unknown names are read as they are. */
export function decoderFor(encoding: string): Decoder {
  switch (encoding.trim().toLowerCase()) {
    case 'base64':
      return base64Decoder()
    case 'quoted-printable':
      return quotedPrintableDecoder()
    case 'x-uuencode':
    case 'x-uue':
    case 'uuencode':
      return uuDecoder()
    default:
      return AS_IT_IS
  }
}

/** All of a part that is in memory. */
export function decodeWhole(octets: Buffer, encoding: string): Buffer {
  const decoder = decoderFor(encoding)
  if (decoder === AS_IT_IS) return octets
  const decoded: Buffer[] = []
  for (let at = 0; at < octets.length; ) {
    const lineEnd = octets.indexOf(LF, at)
    const next = lineEnd < 0 ? octets.length : lineEnd + 1
    decoded.push(decoder.line(octets.subarray(at, next)))
    at = next
  }
  return Buffer.concat([...decoded, decoder.end()])
}

/** Letters outside the alphabet are passed over; padding ends a group, and another may follow. */
function base64Decoder(): Decoder {
  let waiting = ''
  const decode = (text: string): Buffer => Buffer.concat(text.split(/=+/).map(group => Buffer.from(group, 'base64')))
  return {
    line(line) {
      const letters = waiting + line.toString('latin1').replace(/[^A-Za-z0-9+/=]/g, '')
      const padding = letters.lastIndexOf('=')
      const whole = padding + 1 + ((letters.length - padding - 1) & ~3)
      waiting = letters.slice(whole)
      return whole === 0 ? NOTHING : decode(letters.slice(0, whole))
    },
    end: () => decode(waiting),
  }
}

/** White space at the end of a line is transport's; a `=` before anything but two digits stays. A line's end waits for what follows. */
function quotedPrintableDecoder(): Decoder {
  return {
    line(line) {
      const text = line.toString('latin1')
      const lineEnd = text.endsWith('\r\n') ? '\r\n' : text.endsWith('\n') ? '\n' : ''
      const body = lineEnd === '' ? text : trimWspEnd(text.slice(0, -lineEnd.length))
      const soft = lineEnd !== '' && body.endsWith('=')
      const ending = soft ? '' : lineEnd
      const decoded = (soft ? body.slice(0, -1) : body).replace(/=([0-9a-f]{2})/gi, (_, hex: string) =>
        String.fromCharCode(Number.parseInt(hex, 16)),
      )
      return Buffer.from(decoded + ending, 'latin1')
    },
    end: () => NOTHING,
  }
}

function uuDecoder(): Decoder {
  let inside = false
  return {
    line(line) {
      const text = line.toString('latin1').replace(/\r?\n$/, '')
      if (!inside) {
        inside = /^begin [0-7]{3,4} /.test(text)
        return NOTHING
      }
      if (text === 'end') inside = false
      const length = (text.charCodeAt(0) - 32) & 63
      if (!inside || Number.isNaN(length) || length === 0) return NOTHING
      const octets: number[] = []
      for (let at = 1; at < text.length; at += 4) {
        const [a = 0, b = 0, c = 0, d = 0] = [0, 1, 2, 3].map(i => (at + i < text.length ? (text.charCodeAt(at + i) - 32) & 63 : 0))
        octets.push((a << 2) | (b >> 4), ((b & 15) << 4) | (c >> 2), ((c & 3) << 6) | d)
      }
      return Buffer.from(octets.slice(0, length))
    },
    end: () => NOTHING,
  }
}
