/** The answers of the Query protocol. Members that are undefined are left out. SES fact: api-v1 "Responses". */
const NAMESPACE = 'http://ses.amazonaws.com/doc/2010-12-01/'

/** Numbers that SES writes with a decimal point. */
export class Double {
  readonly value: number
  constructor(value: number) {
    this.value = value
  }
}

/** @param result null: the action has none */
export const answerXml = (action: string, result: object | null, requestId: string): string =>
  `<${action}Response xmlns="${NAMESPACE}">${result === null ? '' : element(`${action}Result`, result)}` +
  `<ResponseMetadata>${element('RequestId', requestId)}</ResponseMetadata></${action}Response>\n`

export interface QueryFault {
  readonly code: string
  readonly message: string | null
  readonly isOurs: boolean
  /** What the error is about: `{ConfigurationSetName: 'main'}`. */
  readonly about?: Readonly<Record<string, string>>
}

export const faultXml = ({ code, message, isOurs, about }: QueryFault, requestId: string): string =>
  `<ErrorResponse xmlns="${NAMESPACE}"><Error>${element('Type', isOurs ? 'Receiver' : 'Sender')}${element('Code', code)}` +
  `${element('Message', message ?? undefined)}${members(about ?? {})}</Error>${element('RequestId', requestId)}</ErrorResponse>\n`

function element(name: string, value: unknown): string {
  if (value === undefined || value === null) return ''
  const content = contentOf(value)
  return content === '' ? `<${name}/>` : `<${name}>${content}</${name}>`
}

function contentOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(item => element('member', item)).join('')
  if (value instanceof Map)
    return [...value].map(([key, item]) => `<entry>${element('key', key)}${element('value', item)}</entry>`).join('')
  if (value instanceof Date) return value.toISOString().replace(/\.\d{3}Z$/, 'Z')
  if (value instanceof Double) return Number.isInteger(value.value) ? value.value.toFixed(1) : String(value.value)
  return typeof value === 'object' && value !== null ? members(value) : escaped(String(value))
}

const members = (value: object): string =>
  Object.entries(value)
    .map(([name, member]) => element(name, member))
    .join('')

/** What XML 1.0 cannot hold at all becomes a question mark. */
const escaped = (text: string): string =>
  text
    .replace(
      /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
      '?',
    )
    .replace(/[&<>"\r]/g, character => `&#${character.charCodeAt(0)};`)
