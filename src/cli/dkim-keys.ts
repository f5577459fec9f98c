/** The keys of a domain, for people and for JSON. */
import type { ShownKey } from '../operations/dkim.ts'
import type { Io } from './io.ts'
import { isoTime, showTime } from './moments.ts'
import { showTable } from './table.ts'

const MEANINGS: Readonly<Record<ShownKey['state'], string>> = {
  SIGNING: 'signs',
  WAITING: 'found in DNS; waits for its turn',
  PENDING: 'to be published; it signs after it was found',
  RETIRING: 'signs until the new keys are found',
  RETIRED: 'signs no more',
}

export const keyJson = ({ selector, state, bits, name, publishedUntil }: ShownKey) => ({
  Selector: selector,
  State: state,
  KeyLength: bits,
  Name: name,
  PublishedUntil: publishedUntil === null ? undefined : isoTime(publishedUntil),
})

export async function showKeys(io: Io, keys: readonly ShownKey[]): Promise<void> {
  const rows = keys.map(({ selector, state, bits, publishedUntil }) => [
    selector,
    { text: state, colour: state === 'SIGNING' ? 'green' : 'yellow' } as const,
    String(bits),
    publishedUntil === null ? MEANINGS[state] : `${MEANINGS[state]}; keep its record until ${showTime(publishedUntil)}`,
  ])
  await showTable(io, { head: ['Selector', 'State', 'Bits', 'Meaning'], rows })
}
