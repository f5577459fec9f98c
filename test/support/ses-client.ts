/** The official client of the SES v2 API on the HTTP door of a whole account, and what it throws. */
import { SESv2Client } from '@aws-sdk/client-sesv2'
import { onTestFinished } from 'vitest'
import { createAccessKey } from '../../src/operations/credentials.ts'
import { type HttpAccount, openHttpAccount } from './http-door.ts'

export interface WithClient extends HttpAccount {
  readonly client: SESv2Client
}

export type AccountOptions = Parameters<typeof openHttpAccount>[0]

/** @param keys absent: a key of the account's own */
export async function openWithClient(
  options: AccountOptions = {},
  keys?: { accessKeyId: string; secretAccessKey: string },
): Promise<WithClient> {
  const account = await openHttpAccount({ auth: 'sigv4', ...options })
  const { id, secret } = await createAccessKey(account.app)
  const client = new SESv2Client({
    endpoint: account.url,
    region: 'us-east-1',
    credentials: keys ?? { accessKeyId: id, secretAccessKey: secret },
    maxAttempts: 1,
  })
  onTestFinished(() => client.destroy())
  return { ...account, client }
}

/** Name, words and status of what was thrown. */
export const faultOf = async (call: Promise<unknown>) =>
  await call.then(
    () => 'no error',
    (error: { name: string; message: string; $metadata: { httpStatusCode?: number } }) => ({
      name: error.name,
      message: error.message,
      status: error.$metadata.httpStatusCode,
    }),
  )
