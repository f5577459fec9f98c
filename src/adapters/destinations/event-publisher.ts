/** The `EventPublisher` port: HTTP endpoints, files and commands, and the signature of SNS. */
import { createHash, sign } from 'node:crypto'
import { promisify } from 'node:util'
import { snsDigest } from '../../account/sns-message.ts'
import type { Certificates } from '../../ports/certificates.ts'
import type { EventPublisher, SnsSigner } from '../../ports/event-publisher.ts'
import { runForEvent } from './event-command.ts'
import { appendEvents } from './event-file.ts'
import { openSnsDoor, type Page, type SnsDoor } from './sns-door.ts'
import { openSnsKeys } from './sns-keys.ts'
import { openWebhooks, type WebhookOptions } from './webhook.ts'

export interface PublisherOptions extends WebhookOptions {
  /** `keys/` of the account. */
  readonly keys: string
  readonly certificates: Pick<Certificates, 'own'>
  /** Where `/sns` is answered already; undefined: nowhere. */
  readonly pages: () => string | undefined
  /** What the own door answers under `/sns`. */
  readonly page: (url: URL) => Promise<Page>
}

const signWith = promisify(sign)

export function openEventPublisher({ keys, certificates, pages, page, ...reach }: PublisherOptions): Omit<EventPublisher, 'pagesUnder'> {
  const webhooks = openWebhooks(reach)
  let door: SnsDoor | undefined
  let signer: Promise<SnsSigner> | undefined

  async function openSigner(): Promise<SnsSigner> {
    const { key, certificate } = await openSnsKeys(keys)
    const elsewhere = pages()
    if (elsewhere === undefined) door = await openSnsDoor(await certificates.own(), page)
    const base = elsewhere ?? door?.url
    const name = `SimpleNotificationService-${createHash('sha256').update(certificate).digest('hex').slice(0, 32)}.pem`
    return {
      certificate,
      certificateUrl: `${base}/sns/${name}`,
      subscriptionUrl: `${base}/sns`,
      sign: async (text, version) => (await signWith(snsDigest(version), Buffer.from(text), key)).toString('base64'),
    }
  }

  return {
    async send(place, parcels, signal) {
      if (place.kind === 'file')
        return await appendEvents(
          place.path,
          parcels.map(({ body }) => body),
        )
      const [parcel] = parcels
      if (parcel === undefined || parcels.length > 1) throw new TypeError('one parcel at a time')
      return place.kind === 'command' ? runForEvent(place.command, parcel.body, signal) : webhooks.post(place.url, parcel, signal)
    },
    snsSigner() {
      signer ??= openSigner()
      return signer
    },
    async close() {
      webhooks.close()
      await signer?.catch(() => undefined)
      await door?.close()
    },
  }
}
