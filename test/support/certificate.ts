/** The tests' certificate, for `mx.example.test` and `localhost`, and the authority behind it; see tls/README.md. */
import { readFileSync } from 'node:fs'

const pem = (name: string): string => readFileSync(new URL(`tls/${name}`, import.meta.url), 'utf8')

export const CERTIFICATE_NAME = 'mx.example.test'
export const ca = pem('ca.pem')
export const certificate = { key: pem('mx.key'), cert: pem('mx.pem') }
