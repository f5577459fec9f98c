/** The submission door on loopback, with a list where the account would be. */
import type { Readable } from 'node:stream'
import { createSecureContext } from 'node:tls'
import { silent } from '../../src/base/log.ts'
import { serializeHeader } from '../../src/mail/header.ts'
import { Logins } from '../../src/smtpd/logins.ts'
import { type DoorAddress, type DoorOptions, openSubmissionDoor as openDoor, type SubmissionDoor } from '../../src/smtpd/submission.ts'
import type { Submitted as Message } from '../../src/smtpd/submission-session.ts'
import { certificate } from './certificate.ts'
import { readAll } from './smtp-sink.ts'

export interface Submitted extends Pick<Message, 'from' | 'recipients' | 'user'> {
  /** Header and body as latin1. */
  readonly raw: string
  readonly arrived: 'whole' | 'streamed'
}

export interface TestDoor extends SubmissionDoor {
  readonly submitted: Submitted[]
  /** What was answered 451 through no fault of the client's. */
  readonly troubles: string[]
}

const opened: SubmissionDoor[] = []

export async function closeDoors(): Promise<void> {
  await Promise.all(opened.splice(0).map(door => door.close(0)))
}

/** Who may log in at a test door. */
export const LOGIN = { user: 'ann', password: 'open sesame' } as const
export const PLAIN = Buffer.from(`\0${LOGIN.user}\0${LOGIN.password}`).toString('base64')

export interface TestDoorOptions extends DoorOptions, Pick<DoorAddress, 'mode'> {
  readonly trust: string
  /** The port; absent: a free one. */
  readonly at: number
  /** Whether a login is right, instead of `LOGIN` alone. */
  readonly check: (login: { readonly user: string; readonly password: string }) => Promise<boolean>
  readonly isInUse: () => Promise<boolean>
}

/** @param options what this door does otherwise than trust loopback and accept everything */
export async function openSubmissionDoor(options: Partial<TestDoorOptions> = {}): Promise<TestDoor> {
  const submitted: Submitted[] = []
  const troubles: string[] = []
  const { trust = '127.0.0.1/32', mode = 'starttls', at = 0, check, isInUse, ...others } = options
  const outage = { failed: (why: string) => void troubles.push(why), worked: () => {} }
  const logins = new Logins({
    check: check ?? (async ({ user, password }) => user === LOGIN.user && password === LOGIN.password),
    isInUse: isInUse ?? (async () => true),
    log: others.log ?? silent,
    outage,
  })
  const door = await openDoor(
    { host: '127.0.0.1', port: at, mode, trust },
    {
      hostname: 'mta.test',
      log: silent,
      outage,
      logins,
      tlsContext: () => createSecureContext({ ...certificate, minVersion: 'TLSv1.2' }),
      async submit({ from, recipients, user, content: { header, body } }) {
        const isWhole = Buffer.isBuffer(body)
        const octets = Buffer.isBuffer(body) ? body : await readAll(body satisfies Readable)
        const raw = Buffer.concat([serializeHeader(header), octets]).toString('latin1')
        submitted.push({ from, recipients, user, raw, arrived: isWhole ? 'whole' : 'streamed' })
        return `id-${submitted.length}`
      },
      ...others,
    },
  )
  opened.push(door)
  return { ...door, submitted, troubles }
}
