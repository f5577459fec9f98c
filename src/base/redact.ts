/** Makes outside text safe to show: no control characters towards a terminal, no secrets in a log. */

/** What nearly every line is: nothing in it to replace. */
const PLAIN = /^[\x20-\x7e]*$/

/**
 * Remote text on one line: C0, C1, DEL, bidirectional overrides and line separators become U+FFFD, a tab becomes a space.
 * Terminal escape sequences cannot survive it.
 */
export function printable(text: string): string {
  if (PLAIN.test(text)) return text
  return text.replace(/\t/g, ' ').replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '\ufffd')
}

/** As `printable`, but keeps line feeds (and drops the carriage return before one), for bodies shown on purpose. */
export function printableLines(text: string): string {
  return text
    .split(/\r?\n/)
    .map(line => printable(line))
    .join('\n')
}

/** An SMTP command line with what follows AUTH hidden. */
export function redactSmtpCommand(line: string): string {
  return line.replace(/^(AUTH\s+\S+)\s+.+$/i, '$1 ***')
}

/**
 * A URL without its password. Made for texts that are wrong as well: the scheme may be missing, and what looks like a password may hold
 * any character up to the last `@`. Text without one comes back as it is.
 */
export function redactUrl(text: string): string {
  return text.replace(/^((?:[a-z][a-z0-9+.-]*:\/\/)?[^/@:\s]*):(?!\/\/).*@/is, '$1:***@')
}
