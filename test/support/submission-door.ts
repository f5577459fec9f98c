/** The submission door on loopback, with a list where the account would be. */
import type { Readable } from 'node:stream'
import { silent } from '../../src/base/log.ts'
import { serializeHeader } from '../../src/mail/header.ts'
import { type DoorOptions, openSubmissionDoor as openDoor, type SubmissionDoor } from '../../src/smtpd/submission.ts'
import type { Submitted as Message } from '../../src/smtpd/submission-session.ts'
import { readAll } from './smtp-sink.ts'

export interface Submitted extends Pick<Message, 'from' | 'recipients'> {
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

/** @param options what this door does otherwise than trust loopback and accept everything */
export async function openSubmissionDoor(options: Partial<DoorOptions & { trust: string }> = {}): Promise<TestDoor> {
  const submitted: Submitted[] = []
  const troubles: string[] = []
  const { trust = '127.0.0.1/32', ...others } = options
  const door = await openDoor(
    { host: '127.0.0.1', port: 0, trust },
    {
      hostname: 'mta.test',
      log: silent,
      outage: { failed: why => troubles.push(why), worked: () => {} },
      async submit({ from, recipients, content: { header, body } }) {
        const isWhole = Buffer.isBuffer(body)
        const octets = Buffer.isBuffer(body) ? body : await readAll(body satisfies Readable)
        const raw = Buffer.concat([serializeHeader(header), octets]).toString('latin1')
        submitted.push({ from, recipients, raw, arrived: isWhole ? 'whole' : 'streamed' })
        return `id-${submitted.length}`
      },
      ...others,
    },
  )
  opened.push(door)
  return { ...door, submitted, troubles }
}
