// Sessions for the SMTP door: those of strangers, of whoever may send and talks nonsense, and of whoever may send and does.
import { randomOf } from './random.mjs'
import { hostileSession, playSmtp } from './smtp-attack.mjs'

const ACCEPTED = /^250 Ok (\S+-\S+)\r$/gm
/** What the door says when the fault is its own. */
const FAULT = /^451 Temporary service failure\r$/m

function validSession(seed) {
  const random = randomOf(seed)
  const text = [
    'MAIL FROM:<orders@shop.example>',
    `RCPT TO:<v${seed}@readers.example>`,
    'DATA',
    'From: orders@shop.example',
    `To: v${seed}@readers.example`,
    'Subject: Hello',
    '',
    ...Array(random.between(0, 200)).fill('line'),
    '.',
    '',
  ]
  const piece = random.pick([Infinity, 1460, 100, 7])
  return { octets: Buffer.from(text.join('\r\n'), 'latin1'), tls: 'upgrade', piece, waits: true, end: 'quit', injected: false }
}

/** @param kind whose session it is  @returns what became of it */
export async function playSmtpSession({ seed, kind, localAddress }, { ports, logins }) {
  const session = kind === 'valid' ? validSession(seed) : hostileSession(seed)
  const said = await playSmtp(session, { port: ports.smtp, seed, localAddress, ...(kind !== 'stranger' && { login: logins[kind] }) })
  return {
    accepted: [...said.matchAll(ACCEPTED)].map(([, id]) => id),
    fault: FAULT.exec(said)?.[0],
    // Whoever goes without listening may have been told more.
    isCut: session.end === 'reset' || kind !== 'valid',
  }
}
