/** Contact lists as the official client uses them. */
import {
  CreateContactCommand,
  CreateContactListCommand,
  GetContactCommand,
  GetContactListCommand,
  ListContactsCommand,
  SESv2Client,
  UpdateContactCommand,
} from '@aws-sdk/client-sesv2'
import { expect, onTestFinished, test } from 'vitest'
import { createAccessKey } from '../../../src/operations/credentials.ts'
import { openHttpAccount } from '../../support/http-door.ts'

test('a list, a contact and what it wants', async () => {
  const { app, url } = await openHttpAccount({ auth: 'sigv4' })
  const { id, secret } = await createAccessKey(app)
  const client = new SESv2Client({
    endpoint: url,
    region: 'us-east-1',
    credentials: { accessKeyId: id, secretAccessKey: secret },
    maxAttempts: 1,
  })
  onTestFinished(() => client.destroy())
  const ContactListName = 'news'
  const topic = { TopicName: 'weekly', DisplayName: 'Weekly', DefaultSubscriptionStatus: 'OPT_IN' } as const
  await client.send(new CreateContactListCommand({ ContactListName, Topics: [topic] }))
  expect(await client.send(new GetContactListCommand({ ContactListName }))).toMatchObject({
    Topics: [topic],
    CreatedTimestamp: expect.any(Date),
  })
  const who = { ContactListName, EmailAddress: 'ann+x@gmail.com' }
  await client.send(new CreateContactCommand(who))
  await client.send(
    new UpdateContactCommand({ ...who, TopicPreferences: [{ TopicName: 'weekly', SubscriptionStatus: 'OPT_OUT' }], AttributesData: '{}' }),
  )
  expect(await client.send(new GetContactCommand(who))).toMatchObject({
    UnsubscribeAll: false,
    AttributesData: '{}',
    TopicPreferences: [{ TopicName: 'weekly', SubscriptionStatus: 'OPT_OUT' }],
  })
  const { Contacts } = await client.send(
    new ListContactsCommand({ ContactListName, Filter: { FilteredStatus: 'OPT_OUT', TopicFilter: { TopicName: 'weekly' } } }),
  )
  expect(Contacts).toMatchObject([{ EmailAddress: 'ann+x@gmail.com', LastUpdatedTimestamp: expect.any(Date) }])
  await expect(client.send(new GetContactCommand({ ContactListName: 'gone', EmailAddress: 'a@b.test' }))).rejects.toMatchObject({
    name: 'NotFoundException',
    message: "List with name: gone doesn't exist.",
  })
})
