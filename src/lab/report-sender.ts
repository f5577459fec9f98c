/** Hands one report to the host of its return path: an SMTP session like any other, on loopback only. */
import { bodyInMemory } from '../mail/body.ts'
import { DeadlineClock } from '../wire/deadline-clock.ts'
import { assertLoopback } from '../wire/loopback.ts'
import { SmtpClient } from '../wire/smtp-client.ts'
import { SmtpClientConnection } from '../wire/smtp-client-connection.ts'
import { DEFAULT_TIMEOUTS } from '../wire/smtp-timeouts.ts'
import { Transcript } from '../wire/smtp-transcript.ts'
import type { Sockets } from '../wire/sockets.ts'
import type { PendingReport } from './pending-reports.ts'

/** For the whole session, in milliseconds. */
const LIMIT_MS = 30_000
const TICK_MS = 1_000

/** @returns the code of the reply that decided  @throws SessionBroken when the session ended before; MailctlError forbidden off loopback */
export async function sendReport(
  { receiver, returnPath, head, body }: PendingReport,
  { address, port }: { readonly address: string; readonly port: number },
  sockets: Sockets,
): Promise<number> {
  assertLoopback(address)
  const errand = { transcript: new Transcript(), limitMs: LIMIT_MS, endsAt: performance.now() + LIMIT_MS }
  const socket = sockets.connect({ host: address, port })
  const client = new SmtpClient(new SmtpClientConnection(socket, { clock: new DeadlineClock(TICK_MS), errand }), DEFAULT_TIMEOUTS)
  try {
    const greeting = await client.greeting()
    if (greeting.code !== 220) return greeting.code
    let hello = await client.hello(receiver)
    if (
      hello.code === 250 &&
      client.offers('STARTTLS') &&
      (await client.startTls({ hostName: receiver, certificate: 'accept' })).code === 220
    )
      hello = await client.hello(receiver)
    if (hello.code !== 250) return hello.code
    const message = { head, body: bodyInMemory(body) }
    const { mail, recipients, data, final, broken } = await client.transact({
      from: '',
      recipients: [returnPath],
      message,
      eightBit: false,
    })
    const last = final ?? recipients[0] ?? data ?? mail
    if (broken && final === undefined) throw broken.cause
    return last?.code ?? 451
  } finally {
    client.quit()
  }
}
