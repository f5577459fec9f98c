/** Messages of an exact size. */

/** Ends with the empty line. */
export const LONG_HEAD = 'From: orders@shop.example\r\nTo: ann@gmail.com\r\nSubject: at the limit\r\n\r\n'

/** Lines of 76 characters, the last one as short as it must be. */
export function longMessage(octets: number): Buffer {
  const message = Buffer.alloc(octets, 'x')
  message.write(LONG_HEAD)
  for (let at = LONG_HEAD.length + 76; at < octets - 4; at += 78) message.write('\r\n', at)
  message.write('\r\n', octets - 2)
  return message
}
