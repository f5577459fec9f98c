/** For clients of SES v1 that expect a token for a domain. It proves nothing: a domain is proved by the records of its DKIM keys, as in v2. */
import { createHash } from 'node:crypto'

/** The same for a name every time. @param name of the domain, A-labels */
export const verificationToken = (name: string): string => createHash('sha256').update(`verification ${name}`).digest('base64')
