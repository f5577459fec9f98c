/**
 * Planned records as text that other tools read: a BIND zone file, a Route 53 change batch, Terraform, octoDNS. Each creates and none
 * replaces, so that what stands at a name already is noticed by the tool and not lost. Characters that a tool would read otherwise are
 * escaped by that tool's rules. RFC 1035 §5.1 for zone files.
 */
import type { PlannedRecord } from './dns-plan.ts'

export const PLAN_FORMATS = ['table', 'zone', 'route53', 'terraform', 'octodns'] as const
export type PlanFormat = (typeof PLAN_FORMATS)[number]

/** Seconds. */
const TTL = 300

/** The strings of a TXT record, 255 octets each. RFC 1035 §3.3.14. */
const strings = (text: string): string[] => text.match(/[\s\S]{1,255}/g) ?? ['']

/** RFC 1035 §5.1: quotes and backslashes escaped, octets that are not visible ASCII as three decimal digits. */
const quoted = (text: string): string =>
  `"${text.replace(/["\\]/g, '\\$&').replace(/[^\x20-\x7e]/g, char => `\\${String(char.charCodeAt(0)).padStart(3, '0')}`)}"`

const withDot = (name: string): string => `${name}.`

/** `10 mx.example` → its two parts. */
function mxParts(value: string): { readonly preference: number; readonly exchange: string } {
  const space = value.indexOf(' ')
  return { preference: Number(value.slice(0, space)), exchange: withDot(value.slice(space + 1)) }
}

/** The data as zone files and Route 53 write it. */
function zoneData({ type, value }: PlannedRecord): string {
  if (type === 'TXT') return strings(value).map(quoted).join(' ')
  if (type === 'CNAME') return withDot(value)
  const { preference, exchange } = mxParts(value)
  return `${preference} ${exchange}`
}

function note({ purpose, required }: PlannedRecord): string {
  if (required) return purpose
  return `${purpose} (${purpose === 'DKIM' ? 'of a key that is going; leave it for now' : 'advice; if such a record stands there, merge them'})`
}

/** Lines for a zone file; names are absolute, so any `$ORIGIN` will do. */
export const zoneFile = (records: readonly PlannedRecord[]): string =>
  records.map(record => `; ${note(record)}\n${withDot(record.name)} ${TTL} IN ${record.type} ${zoneData(record)}\n`).join('')

/** For `aws route53 change-resource-record-sets --change-batch file://…`. CREATE fails where a record of that name and type stands. */
export function route53(records: readonly PlannedRecord[]): string {
  const changes = records.map(record => ({
    Action: 'CREATE',
    ResourceRecordSet: { Name: withDot(record.name), Type: record.type, TTL, ResourceRecords: [{ Value: zoneData(record) }] },
  }))
  return `${JSON.stringify({ Comment: 'Records for mail, planned by mailctl', Changes: changes }, null, 2)}\n`
}

/** A string of Terraform's language: `${` and `%{` would begin a template. */
const hcl = (text: string): string => JSON.stringify(text).replace(/[$%]\{/g, start => `${start.charAt(0)}${start}`)

/** The provider wants a long TXT as strings with `""` between them, the outer quotes left out. */
function terraformData(record: PlannedRecord): string {
  if (record.type !== 'TXT') return zoneData(record)
  return strings(record.value)
    .map(part => quoted(part).slice(1, -1))
    .join('""')
}

/** Resources for the aws provider; the hosted zone is a variable. */
export function terraform(records: readonly PlannedRecord[]): string {
  const blocks = records.map(record => {
    const own = `${record.purpose.toLowerCase()}_${record.name.replace(/[^a-z0-9]+/g, '_').replace(/^_/, '')}`
    return [
      `# ${note(record)}`,
      `resource "aws_route53_record" ${hcl(own)} {`,
      '  zone_id = var.zone_id',
      `  name    = ${hcl(record.name)}`,
      `  type    = ${hcl(record.type)}`,
      `  ttl     = ${TTL}`,
      `  records = [${hcl(terraformData(record))}]`,
      '}\n',
    ].join('\n')
  })
  return ['variable "zone_id" {\n  type        = string\n  description = "Route 53 hosted zone of the domain"\n}\n', ...blocks].join('\n')
}

const yaml = (text: string): string => JSON.stringify(text)

/** octoDNS splits long texts by itself and wants semicolons escaped. */
function octodnsLines({ type, value }: PlannedRecord): string[] {
  if (type === 'TXT') return [`value: ${yaml(value.replace(/;/g, '\\;'))}`]
  if (type === 'CNAME') return [`value: ${withDot(value)}`]
  const { preference, exchange } = mxParts(value)
  return ['values:', `- exchange: ${exchange}`, `  preference: ${preference}`]
}

/** The zone file of octoDNS's YAML provider. @param zone the names are written relative to it */
export function octodns(records: readonly PlannedRecord[], zone: string): string {
  const names = new Map<string, PlannedRecord[]>()
  for (const record of records) {
    const relative = record.name === zone ? '' : record.name.slice(0, -zone.length - 1)
    names.set(relative, [...(names.get(relative) ?? []), record])
  }
  const sorted = [...names].sort(([one], [other]) => (one < other ? -1 : 1))
  const entries = sorted.map(([name, own]) => {
    const items = own.map(record => {
      const [first = '', ...rest] = [`type: ${record.type}`, `ttl: ${TTL}`, ...octodnsLines(record)]
      return [`  - ${first}`, ...rest.map(line => `    ${line}`)].join('\n')
    })
    return `${name === '' ? "''" : yaml(name)}:\n${items.join('\n')}\n`
  })
  return `---\n${entries.join('')}`
}
