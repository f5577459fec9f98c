/** What `doctor` says of one thing, and the words it says it with. */

export type DoctorCheck =
  | 'HOME'
  | 'DISK'
  | 'STORE'
  | 'KEYS'
  | 'CERTIFICATE'
  | 'CLOCK'
  | 'ENGINE'
  | 'RESOLVER'
  | 'HOSTNAME'
  | 'PTR'
  | 'OUTBOUND'
  | 'IPV6'

export interface Diagnosis {
  readonly check: DoctorCheck
  /** `UNKNOWN`: it could not be told. */
  readonly status: 'PASS' | 'WARN' | 'FAIL' | 'UNKNOWN'
  /** What was seen, in one sentence. May quote remote text. */
  readonly evidence: string
  /** What mends it; null: nothing has to be done. */
  readonly fix: string | null
}

export const pass = (check: DoctorCheck, evidence: string): Diagnosis => ({ check, status: 'PASS', evidence, fix: null })
export const warn = (check: DoctorCheck, evidence: string, fix: string): Diagnosis => ({ check, status: 'WARN', evidence, fix })
export const fail = (check: DoctorCheck, evidence: string, fix: string): Diagnosis => ({ check, status: 'FAIL', evidence, fix })
export const cannotTell = (check: DoctorCheck, evidence: string, fix: string | null = null): Diagnosis => ({
  check,
  status: 'UNKNOWN',
  evidence,
  fix,
})
