/** Tags of resources, which an ARN names. SES facts: api-v2 "Tags", concepts §15. */
import type { ResourceTag } from '../../account/resource-tags.ts'
import { MailctlError } from '../../base/errors.ts'
import { printable } from '../../base/redact.ts'
import { changeConfigurationSet, readConfigurationSet } from '../../operations/configuration-sets.ts'
import { readPool, tagPool } from '../../operations/dedicated-ip-pools.ts'
import { readIdentity } from '../../operations/read-identity.ts'
import { setIdentity } from '../../operations/set-identity.ts'
import { readTemplate } from '../../operations/templates.ts'
import type { Members } from '../members.ts'
import { operation, type SesCall, type SesOperation } from './operation.ts'

/** `[{Key, Value}]`. */
export const tagsIn = (input: Members, name = 'Tags'): ResourceTag[] =>
  (input.parts(name) ?? []).map(tag => ({ key: tag.must.text('Key'), value: tag.text('Value') ?? '' }))

export const tagsView = (tags: readonly ResourceTag[] = []) => tags.map(({ key, value }) => ({ Key: key, Value: value }))

type Resource = { readonly kind: 'identity' | 'configuration-set' | 'template' | 'dedicated-ip-pool'; readonly name: string }

const ARN = /^arn:aws(?:-[a-z-]+)?:ses:[a-z0-9-]*:(\d{12}):(identity|configuration-set|template|dedicated-ip-pool)\/(\S+)$/

/** @throws MailctlError bad-data, not-found (another account's) */
async function resourceOf({ app, input }: SesCall): Promise<Resource> {
  const arn = input.must.text('ResourceArn')
  const [, owner, kind, name] = ARN.exec(arn) ?? []
  if (owner === undefined || name === undefined) throw new MailctlError('bad-data', `Invalid ARN: ${printable(arn)}`)
  if (owner !== (await app.store.account()).accountId) throw notFound(arn)
  return { kind: kind as Resource['kind'], name }
}

const notFound = (arn: string): MailctlError => new MailctlError('not-found', `Resource <${printable(arn)}> was not found.`)

/** Whatever says that it is not there says it of the ARN. */
async function withResource<T>(call: SesCall, work: (resource: Resource) => Promise<T>): Promise<T> {
  const resource = await resourceOf(call)
  try {
    await tagsOf(call, resource)
  } catch (error) {
    if (error instanceof MailctlError && error.code === 'not-found') throw notFound(call.input.must.text('ResourceArn'))
    throw error
  }
  return await work(resource)
}

async function tagsOf({ app }: SesCall, { kind, name }: Resource): Promise<readonly ResourceTag[]> {
  if (kind === 'identity') return (await readIdentity(app, name)).tags
  if (kind === 'configuration-set') return (await readConfigurationSet(app, name)).tags ?? []
  if (kind === 'dedicated-ip-pool') return (await readPool(app, name)).tags ?? []
  return (await readTemplate(app, name)).tags ?? []
}

async function change(call: SesCall, added: readonly ResourceTag[], keys: readonly string[]): Promise<object> {
  await withResource(call, async resource => {
    const { app } = call
    const { kind, name } = resource
    const has = new Set((await tagsOf(call, resource)).map(({ key }) => key))
    const removed = keys.filter(key => has.has(key))
    if (kind === 'identity')
      await setIdentity(app, name, { tags: added.map(({ key, value }) => [key, value] as const), removedTags: removed })
    else if (kind === 'configuration-set') await changeConfigurationSet(app, name, { tags: { added, removed } })
    else if (kind === 'dedicated-ip-pool') await tagPool(app, name, { added, removed })
    else throw new MailctlError('bad-data', 'The tags of a template are given when it is made')
  })
  return {}
}

export const tagOperations: readonly SesOperation[] = [
  operation('TagResource', 'POST /tags', call => change(call, tagsIn(call.input), [])),
  operation('UntagResource', 'DELETE /tags', call => change(call, [], call.input.must.texts('TagKeys'))),
  operation('ListTagsForResource', 'GET /tags', call =>
    withResource(call, async resource => ({ Tags: tagsView(await tagsOf(call, resource)) })),
  ),
]
