/** A warning before records are written that nobody on the internet could follow: outside the lab they name our host. */
import type { Settings } from '../ports/settings.ts'
import type { CommandContext } from './command.ts'

export function noticeHostname(
  { notice }: Pick<CommandContext, 'notice'>,
  { network, hostname }: Pick<Settings, 'network' | 'hostname'>,
): void {
  if (network !== 'lab' && !hostname.includes('.'))
    notice(`the records name the host '${hostname}', which is no full DNS name: mailctl config set hostname mta.example.com`)
}
