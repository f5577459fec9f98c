/**
 * Reads the members of a request: types as the service coerces them, constraints in its words. Labels of the path and parameters of the query
 * are members like those of the body. What a request does not say is undefined; null says nothing too; unknown members are ignored.
 * SES facts: api-v2 "Validation texts".
 */
import { MailctlError } from '../base/errors.ts'
import { LargeText } from './body.ts'
import { serializationFault } from './faults.ts'

export interface TextLimits {
  readonly min?: number
  readonly max?: number
}

export interface NumberLimits {
  readonly min?: number
  readonly max?: number
}

/** @throws MailctlError bad-data, in SES's words */
const invalid = (path: string, constraint: string): MailctlError =>
  new MailctlError('bad-data', `1 validation error detected: Value at '${path}' failed to satisfy constraint: ${constraint}`)

export class Members {
  readonly #values: Readonly<Record<string, unknown>>
  readonly #path: string

  constructor(values: Readonly<Record<string, unknown>>, path = '') {
    this.#values = values
    this.#path = path
  }

  /** The same readers, where the member must be there. */
  readonly must = {
    text: (name: string, limits?: TextLimits): string => this.#there(name, this.text(name, limits)),
    choice: <T extends string>(name: string, choices: readonly T[]): T => this.#there(name, this.choice(name, choices)),
    part: (name: string): Members => this.#there(name, this.part(name)),
    parts: (name: string): readonly Members[] => this.#there(name, this.parts(name)),
    texts: (name: string): readonly string[] => this.#there(name, this.texts(name)),
    number: (name: string, limits?: NumberLimits): number => this.#there(name, this.number(name, limits)),
    time: (name: string): number => this.#there(name, this.time(name)),
  }

  has(name: string): boolean {
    return this.#value(name) !== undefined
  }

  text(name: string, { min, max }: TextLimits = {}): string | undefined {
    const text = textOf(this.#value(name))
    if (text === undefined) return undefined
    const path = this.#at(name)
    if (min !== undefined && text.length < min) throw invalid(path, `Member must have length greater than or equal to ${min}`)
    if (max !== undefined && text.length > max) throw invalid(path, `Member must have length less than or equal to ${max}`)
    return text
  }

  /** A text that may be large and is base64. @throws MailctlError bad-data */
  blob(name: string): LargeText | undefined {
    const value = this.#value(name)
    if (value instanceof LargeText) return value
    const text = textOf(value)
    if (text === undefined) return undefined
    if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw serializationFault('A blob must be base64')
    return new LargeText(Buffer.from(text, 'latin1'))
  }

  choice<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const text = textOf(this.#value(name))
    if (text === undefined) return undefined
    const known = choices.find(choice => choice === text)
    if (known === undefined) throw invalid(this.#at(name), `Member must satisfy enum value set: [${choices.join(', ')}]`)
    return known
  }

  /** A boolean that is left out is false where SES has it so: the caller says which. */
  flag(name: string): boolean | undefined {
    const value = this.#value(name)
    if (value === undefined || typeof value === 'boolean') return value
    if (typeof value === 'string') return value.toLowerCase() !== 'false'
    throw unconvertible(value, 'Boolean')
  }

  number(name: string, { min, max }: NumberLimits = {}): number | undefined {
    const value = this.#value(name)
    if (value === undefined) return undefined
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
    if (typeof number !== 'number' || !Number.isFinite(number)) throw unconvertible(value, 'Integer')
    if (min !== undefined && number < min) throw invalid(this.#at(name), `Member must have value greater than or equal to ${min}`)
    if (max !== undefined && number > max) throw invalid(this.#at(name), `Member must have value less than or equal to ${max}`)
    return number
  }

  /** Epoch milliseconds: ISO 8601 in a query, seconds in a body. */
  time(name: string): number | undefined {
    const value = this.#value(name)
    if (value === undefined) return undefined
    const ms = typeof value === 'number' ? value * 1_000 : typeof value === 'string' ? timeOf(value) : Number.NaN
    if (Number.isFinite(ms) && Math.abs(ms) <= 8.64e15) return Math.round(ms)
    throw serializationFault(`'${name}' is no timestamp`)
  }

  part(name: string): Members | undefined {
    const value = this.#value(name)
    return value === undefined ? undefined : partOf(value, this.#at(name))
  }

  parts(name: string): readonly Members[] | undefined {
    return this.#list(name)?.map((value, index) => partOf(value, `${this.#at(name)}.${index + 1}.member`))
  }

  texts(name: string): readonly string[] | undefined {
    const texts = this.#list(name)
    return texts?.map((value, index) => {
      const text = textOf(value ?? undefined)
      if (text === undefined) throw invalid(`${this.#at(name)}.${index + 1}.member`, 'Member must not be null')
      return text
    })
  }

  #list(name: string): readonly unknown[] | undefined {
    const value = this.#value(name)
    if (value === undefined || Array.isArray(value)) return value
    if (value === '') return [] // how a form says an empty list
    throw serializationFault('Expected list or null')
  }

  #value(name: string): unknown {
    return (Object.hasOwn(this.#values, name) ? this.#values[name] : undefined) ?? undefined
  }

  #at(name: string): string {
    const own = name.charAt(0).toLowerCase() + name.slice(1)
    return this.#path === '' ? own : `${this.#path}.${own}`
  }

  #there<T>(name: string, value: T | undefined): T {
    if (value === undefined) throw invalid(this.#at(name), 'Member must not be null')
    return value
  }
}

function textOf(value: unknown): string | undefined {
  if (value === undefined || typeof value === 'string') return value
  if (value instanceof LargeText) return value.text()
  throw unconvertible(value, 'String')
}

function partOf(value: unknown, path: string): Members {
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof LargeText))
    return new Members(value as Readonly<Record<string, unknown>>, path)
  if (Array.isArray(value)) throw serializationFault('Start of list found where not expected')
  throw serializationFault('Expected null')
}

const timeOf = (text: string): number => (/^\d+(\.\d+)?$/.test(text) ? Number(text) * 1_000 : Date.parse(text))

function unconvertible(value: unknown, wanted: string) {
  if (Array.isArray(value)) return serializationFault('Start of list found where not expected')
  if (typeof value === 'object') return serializationFault('Start of structure or map found where not expected.')
  const kind =
    typeof value === 'number' ? 'NUMBER_VALUE' : typeof value === 'boolean' ? `${String(value).toUpperCase()}_VALUE` : 'STRING_VALUE'
  return serializationFault(`${kind} can not be converted to a${wanted === 'Integer' ? 'n' : ''} ${wanted}`)
}
