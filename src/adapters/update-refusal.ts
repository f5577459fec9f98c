/** An RFC 2136 server's refusal in words: what it held against the update, and what to do about it. RFC 2136 §2.2, RFC 8945 §5.3. */
import { MailctlError } from '../base/errors.ts'

export function refusalOf(
  code: string,
  { server, zone, keyName, detail }: { server: string; zone: string; keyName: string | undefined; detail: string },
): MailctlError {
  const key = keyName === undefined ? 'an unsigned update' : `the key '${keyName}'`
  const said = `${server} answered ${code} to the update of ${zone}`
  switch (code) {
    case 'BADSIG':
      return new MailctlError('config', `${said}: the secret of ${key} is not the server's`, {
        hint: 'Copy the key file from the server again.',
      })
    case 'BADKEY':
      return new MailctlError('config', `${said}: it does not know ${key} with that algorithm`, {
        hint: 'The key must stand in the server\u2019s configuration under the same name and algorithm.',
      })
    case 'BADTIME':
      return new MailctlError('config', `${said}: ${detail || 'the clocks differ'}`, {
        hint: 'Set the clock of this machine (NTP) and try again.',
      })
    case 'REFUSED':
      return new MailctlError('forbidden', `${said}: ${key} may not change this zone`, {
        hint: keyName === undefined ? 'Give a key with --tsig-file.' : 'Allow the key in the zone\u2019s allow-update or update-policy.',
      })
    case 'NOTAUTH':
    case 'NOTZONE':
      return new MailctlError('forbidden', `${said}: the server is not the primary of this zone`, {
        hint: 'Publish to the zone\u2019s primary server.',
      })
    case 'NOTIMP':
      return new MailctlError('forbidden', `${said}: it takes no dynamic updates`, {
        hint: 'Use `mailctl dns plan` and enter the records by hand.',
      })
    case 'NXRRSET':
    case 'YXRRSET':
    case 'YXDOMAIN':
    case 'NXDOMAIN':
      return new MailctlError('conflict', `${said}: the records there changed meanwhile; nothing was written`, {
        hint: 'Run the command again.',
      })
    default:
      return new MailctlError('unreachable', `${said}; nothing was written`, { hint: 'The server\u2019s own log says why.' })
  }
}
