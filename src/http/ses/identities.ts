/**
 * Identities. In the lab the records of a new domain are published there and looked for at once. Elsewhere they are the caller's to publish. SES facts: api-v2 "Identities".
 */
import type { DkimKeyLength } from '../../account/identity.ts'
import { MailctlError } from '../../base/errors.ts'
import { printable } from '../../base/redact.ts'
import { readConfigurationSet } from '../../operations/configuration-sets.ts'
import { createDomainIdentity, type DkimChoice } from '../../operations/create-identity.ts'
import { identityRow, identityView } from '../../operations/identity-view.ts'
import { publishInLab } from '../../operations/publish-in-lab.ts'
import { identityName, listIdentities, readIdentity } from '../../operations/read-identity.ts'
import { checkIdentityTags, deleteIdentity, setIdentity } from '../../operations/set-identity.ts'
import { startEmailVerification } from '../../operations/verify-email.ts'
import type { Members } from '../members.ts'
import { operation, type SesCall, type SesOperation } from './operation.ts'
import { pageAsked, pageOf } from './paging.ts'
import { tagsIn } from './tags.ts'

const LIST = 'email-identities'
const LENGTHS = ['RSA_1024_BIT', 'RSA_2048_BIT'] as const satisfies readonly DkimKeyLength[]
const IDENTITY = '/identities/{EmailIdentity}'

const nameIn = (input: Members): string => input.must.text('EmailIdentity')

/** @throws MailctlError bad-data */
function keysIn(input: Members | undefined): DkimChoice | undefined {
  if (input === undefined) return undefined
  const selector = input.text('DomainSigningSelector', { min: 1, max: 63 })
  const pem = input.text('DomainSigningPrivateKey', { min: 1, max: 20_480 })
  const keyLength = input.choice('NextSigningKeyLength', LENGTHS)
  if (selector !== undefined && pem !== undefined && keyLength === undefined) return { kind: 'byo', selector, pem }
  if (selector !== undefined || pem !== undefined)
    throw new MailctlError(
      'bad-data',
      'DomainSigningSelector and DomainSigningPrivateKey belong together, and without NextSigningKeyLength.',
    )
  return keyLength === undefined ? undefined : { kind: 'txt', keyLength }
}

async function create({ app, input }: SesCall): Promise<object> {
  const name = identityName(nameIn(input))
  const keys = keysIn(input.part('DkimSigningAttributes'))
  const tags = tagsIn(input).map(({ key, value }) => [key, value] as const)
  checkIdentityTags(tags)
  const configurationSet = input.text('ConfigurationSetName')
  if (configurationSet !== undefined) await readConfigurationSet(app, configurationSet)
  const isAddress = name.includes('@')
  if (isAddress && keys !== undefined) throw new MailctlError('bad-data', 'DkimSigningAttributes belong to a domain, not to an address.')
  if (await app.store.identity(name)) throw exists(name)
  if (isAddress) await startEmailVerification(app, name)
  else if (!(await createDomainIdentity(app, { domain: name, dkim: keys ?? { kind: 'txt' } })).created) throw exists(name)
  const identity = await setIdentity(app, name, {
    ...(tags.length > 0 && { tags }),
    ...(configurationSet !== undefined && { configurationSet }),
  })
  await publishInLab(app, identity)
  const { IdentityType, VerifiedForSendingStatus, DkimAttributes } = identityView(identity, app)
  return { IdentityType, VerifiedForSendingStatus, DkimAttributes }
}

const exists = (name: string): MailctlError => new MailctlError('already-exists', `Email identity ${printable(name)} already exist.`)

async function get({ app, input }: SesCall): Promise<object> {
  const { EmailIdentity: _, ...view } = identityView(await readIdentity(app, nameIn(input)), app)
  return view
}

async function list({ app, input }: SesCall): Promise<object> {
  const page = pageOf(LIST, pageAsked(LIST, input), { entries: await listIdentities(app), keyOf: ({ name }) => name })
  return { EmailIdentities: page.entries.map(identity => identityRow(identity, app)), NextToken: page.NextToken }
}

async function putKeys({ app, input }: SesCall): Promise<object> {
  const origin = input.must.text('SigningAttributesOrigin')
  const given = keysIn(input.part('SigningAttributes'))
  if (origin === 'EXTERNAL' && given?.kind !== 'byo')
    throw new MailctlError('bad-data', 'EXTERNAL needs DomainSigningSelector and DomainSigningPrivateKey.')
  if (origin !== 'EXTERNAL' && given?.kind === 'byo')
    throw new MailctlError('bad-data', `${printable(origin)} takes no key of your own: SigningAttributesOrigin would be EXTERNAL.`)
  const identity = await setIdentity(app, nameIn(input), { dkim: given ?? { kind: 'txt' } })
  await publishInLab(app, identity)
  const { DkimAttributes } = identityView(identity, app)
  return { DkimStatus: DkimAttributes.Status, DkimTokens: identity.dkim.tokens, SigningHostedZone: DkimAttributes.SigningHostedZone }
}

async function putMailFrom({ app, input }: SesCall): Promise<object> {
  const onMxFailure = input.choice('BehaviorOnMxFailure', ['USE_DEFAULT_VALUE', 'REJECT_MESSAGE'])
  const mailFrom = input.text('MailFromDomain') ?? ''
  const identity = await setIdentity(app, nameIn(input), { mailFrom, ...(mailFrom !== '' && onMxFailure && { onMxFailure }) })
  await publishInLab(app, identity)
  return {}
}

const onOff = (flag: boolean | undefined): 'on' | 'off' => (flag ? 'on' : 'off')

export const identityOperations: readonly SesOperation[] = [
  operation('CreateEmailIdentity', 'POST /identities', create),
  operation('GetEmailIdentity', `GET ${IDENTITY}`, get),
  operation('ListEmailIdentities', ['POST /list-identities', 'GET /identities'], list),
  operation('DeleteEmailIdentity', `DELETE ${IDENTITY}`, async ({ app, input }) => {
    await deleteIdentity(app, nameIn(input))
    return {}
  }),
  operation('PutEmailIdentityDkimAttributes', `PUT ${IDENTITY}/dkim`, async ({ app, input }) => {
    await setIdentity(app, nameIn(input), { signing: onOff(input.flag('SigningEnabled')) })
    return {}
  }),
  operation('PutEmailIdentityDkimSigningAttributes', `PUT ${IDENTITY}/dkim/signing`, putKeys),
  operation('PutEmailIdentityMailFromAttributes', `PUT ${IDENTITY}/mail-from`, putMailFrom),
  operation('PutEmailIdentityFeedbackAttributes', `PUT ${IDENTITY}/feedback`, async ({ app, input }) => {
    await setIdentity(app, nameIn(input), { feedbackForwarding: onOff(input.flag('EmailForwardingEnabled')) })
    return {}
  }),
  operation('PutEmailIdentityConfigurationSetAttributes', `PUT ${IDENTITY}/configuration-set`, async ({ app, input }) => {
    await setIdentity(app, nameIn(input), { configurationSet: input.text('ConfigurationSetName') ?? '' })
    return {}
  }),
  operation(
    'GetEmailIdentityPolicies',
    `GET ${IDENTITY}/policies`,
    async ({ app, input }) => {
      await readIdentity(app, nameIn(input))
      return { Policies: {} }
    },
    'answers',
  ),
]
