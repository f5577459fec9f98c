/** Makes text fit to be shown to a stranger who helps: who writes to whom, and what opens a door, stays at home. */

const HIDDEN = '***'

/** Without the local part of addresses, and of URLs all but scheme, host and port: paths and queries are where services keep their secrets. */
export function confidential(text: string): string {
  return text
    .replace(
      /\b([a-z][a-z0-9+.-]{1,20}:\/\/)(?:[^\s/@"'<>]*@)?([^\s/?#"'<>@]+)(?:[/?#][^\s"'<>]*)?/gi,
      (_, scheme: string, host: string) => {
        const [, port = ''] = /(:\d+)$/.exec(host) ?? []
        return `${scheme}${host.slice(0, host.length - port.length)}${port}/${HIDDEN}`
      },
    )
    .replace(/[^\s@<>()[\]",;:/]{1,320}@(?=[a-z0-9[])/gi, `${HIDDEN}@`)
}

/**
 * The value with every text in it made confidential, names of members aside.
 * @param secrets texts that are hidden wherever they stand; shorter ones than four characters would hide everything
 */
export function confide(value: unknown, secrets: readonly string[]): unknown {
  const hidden = secrets.filter(secret => secret.length >= 4).sort((a, b) => b.length - a.length)
  const walk = (one: unknown): unknown => {
    if (typeof one === 'string') return confidential(hidden.reduce((text, secret) => text.replaceAll(secret, HIDDEN), one))
    if (Array.isArray(one)) return one.map(walk)
    if (one instanceof Date) return one.toISOString()
    if (typeof one !== 'object' || one === null) return one
    return Object.fromEntries(Object.entries(one).map(([name, member]) => [name, walk(member)]))
  }
  return walk(value)
}
