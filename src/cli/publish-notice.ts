/** What every command that publishes says of records that the name server did not take: the command itself goes on. */
import type { Published } from '../operations/publish-dns.ts'

export function noticeRefused({ notice }: { readonly notice: (text: string) => void }, published: Published | null): void {
  for (const { record, action, detail } of published?.results ?? [])
    if (action === 'REFUSED') notice(`${record.purpose} ${record.name} was not published: ${detail ?? ''}`)
}
