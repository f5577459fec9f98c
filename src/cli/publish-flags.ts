/** `--publish` and `--tsig-file`. */
import { MailctlError } from '../base/errors.ts'
import type { PublishTarget } from '../ports/publisher.ts'
import type { Flags, OptionSpec } from './command.ts'
import { textFlag } from './moments.ts'

export const PUBLISH_FLAGS: readonly OptionSpec[] = [
  { flags: '--publish <target>', summary: 'write the records to lab, or to rfc2136://HOST[:PORT]' },
  { flags: '--tsig-file <file>', summary: "TSIG key, as BIND's tsig-keygen writes it", path: true },
]

export const RESOLVER_FLAG: OptionSpec = { flags: '--resolver <ip>', summary: 'ask exactly this DNS server: IP or IP:PORT' }

/** @throws MailctlError usage */
export async function publishTarget(flags: Flags): Promise<PublishTarget | undefined> {
  const [target, tsigFile] = [textFlag(flags, 'publish'), textFlag(flags, 'tsigFile')]
  if (target === undefined) {
    if (tsigFile !== undefined)
      throw new MailctlError('usage', '--tsig-file needs a place to publish to', { hint: 'Add --publish rfc2136://HOST.' })
    return undefined
  }
  const { parsePublishTarget } = await import('../operations/publish-dns.ts')
  return parsePublishTarget(target, tsigFile)
}
