/** SPF records as text: whether one lets our mechanisms through, and what it would be with them added. Evaluates nothing. RFC 7208 §4.6, §5. */

/** RFC 7208 §4.5: the version is followed by a space or the end. */
export const isSpf = (text: string): boolean => /^v=spf1(?: |$)/i.test(text)

const terms = (text: string): string[] =>
  text
    .split(' ')
    .filter(term => term !== '')
    .slice(1)
const isAll = (term: string): boolean => /^[+\-~?]?all$/i.test(term)
const isModifier = (term: string): boolean => /^[a-z][a-z0-9_.-]*=/i.test(term)
const plain = (term: string): string => term.toLowerCase().replace(/^\+/, '')

/** What of the planned record the standing one lacks: mechanisms that stand nowhere before its `all`. Empty: the standing record is enough. */
export function missingMechanisms(standing: string, planned: string): string[] {
  const there = terms(standing)
  const all = there.findIndex(isAll)
  const counted = new Set((all < 0 ? there : there.slice(0, all)).map(plain))
  return terms(planned).filter(term => !isAll(term) && !isModifier(term) && !counted.has(plain(term)))
}

/** The standing record with the missing mechanisms before its `all` or its `redirect=`, its other words as they were. */
export function mergedSpf(standing: string, planned: string): string {
  const there = terms(standing)
  const at = there.findIndex(term => isAll(term) || /^redirect=/i.test(term))
  const place = at < 0 ? there.length : at
  return ['v=spf1', ...there.slice(0, place), ...missingMechanisms(standing, planned), ...there.slice(place)].join(' ')
}
