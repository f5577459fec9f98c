/** Names without a domain in address fields, which local programs write: `root`, `Cron <root>`, `root (Cron Daemon)`. They get one. */

/** A field of more characters stays as it is. */
const LONGEST = 10_000
const TOKEN = /"(?:[^"\\]|\\[\s\S])*"|\((?:[^()\\]|\\[\s\S])*\)|<[^<>]*>|[^",(<]+|[\s\S]/g
const NAME = /^[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~.]+$/

/** What has a domain, or is no name, is left alone. @param list as a header field has it  @param domain without its @ */
export function qualified(list: string, domain: string): string {
  if (list.length > LONGEST) return list
  const elements: string[][] = [[]]
  for (const [token] of list.matchAll(TOKEN)) {
    if (token === ',') elements.push([])
    else elements.at(-1)?.push(token)
  }
  return elements.map(tokens => qualifiedElement(tokens, domain).join('')).join(',')
}

function qualifiedElement(tokens: readonly string[], domain: string): readonly string[] {
  const isText = (token: string): boolean => !/^["(<]/.test(token)
  const angle = tokens.findIndex(token => token.startsWith('<'))
  // Groups and what is addressed already.
  if (tokens.some(token => isText(token) && /[@:;]/.test(token))) return tokens
  const at = angle >= 0 ? angle : tokens.findIndex(token => isText(token) && token.trim() !== '')
  const token = tokens[at]
  if (token === undefined) return tokens
  const name = angle >= 0 ? token.slice(1, -1).trim() : token.trim()
  const isAlone = angle >= 0 || tokens.every((other, index) => index === at || other.trim() === '' || other.startsWith('('))
  if (!isAlone || !NAME.test(name)) return tokens
  return tokens.with(
    at,
    token.replace(name, () => `${name}@${domain}`),
  )
}
