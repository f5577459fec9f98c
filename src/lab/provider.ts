/**
 * A look-alike of a mail provider, as its file in `receivers/` tells it: hosts, limits, rules and replies, each with where it was read.
 * `sources` says of which kind a source is: `published` by the provider, `seen` in delivery logs, or `own`, where nothing is published.
 */
import { type Reply, replyOf } from '../mail/reply.ts'
import type { Condition } from './provider-rules.ts'
import gmail from './receivers/gmail.json' with { type: 'json' }
import gmx from './receivers/gmx.json' with { type: 'json' }
import outlook from './receivers/outlook.json' with { type: 'json' }
import yahoo from './receivers/yahoo.json' with { type: 'json' }

export interface Source {
  readonly kind: string
  readonly url?: string
  readonly note?: string
  /** Of the edition, or the day it was read: `YYYY-MM-DD`. */
  readonly date?: string
}

export interface ProviderReply {
  readonly code: number
  /** Absent: the provider sends none. */
  readonly status?: string
  /** With `{ip}`, `{domain}` and the like; a line feed begins a new line of the reply. */
  readonly text: string
  readonly source: string
}

export interface ProviderRule {
  readonly name: string
  readonly when: Readonly<Record<string, Condition>>
  /** The name of a reply, or `to-spam`: taken, into the folder for spam. */
  readonly gives: string
  readonly source: string
}

export type Step = 'greeting' | 'mail' | 'recipient' | 'message'

export interface Provider {
  readonly name: string
  readonly title: string
  readonly banner: string
  /** Per domain: preference and host. */
  readonly mx: Readonly<Record<string, readonly (readonly (string | number)[])[]>>
  readonly sources: Readonly<Record<string, Source>>
  /**
   * `bulk`: recipients of one domain's mail in a day that make it a bulk sender for good. `sample`: recipients in a week before its rates
   * mean anything. `perHour`: messages of one address, and of one domain. `complaintRate`, `unknownRate`: parts of one.
   */
  readonly limits: Readonly<
    Record<'bulk' | 'sample' | 'perHour' | 'complaintRate' | 'unknownRate', { readonly value: number; readonly source: string }>
  >
  /** What follows 250 2.0.0 when a message was taken. */
  readonly accepted: string
  /** Ends every refusal. */
  readonly suffix?: string
  readonly rules: Readonly<Partial<Record<Step, readonly ProviderRule[]>>>
  readonly replies: Readonly<Record<string, ProviderReply>>
  /** The reply that stands for an outcome that is played. */
  readonly outcomes: Readonly<Record<'bounce' | 'delay', string>>
}

export const PROVIDERS: readonly Provider[] = [gmail, outlook, yahoo, gmx] as readonly unknown[] as readonly Provider[]

/** @param domain lower case */
export const providerOf = (domain: string): Provider | undefined => PROVIDERS.find(({ mx }) => Object.hasOwn(mx, domain))

const WIDTH = 76

/**
 * A reply of the provider for this occasion. One with an enhanced status code has it at the start of each of its lines, as Gmail writes it.
 * @param values what clients said of themselves among them: nothing but printable ASCII of it gets into a reply
 */
export function providerReply({ code, status, text }: ProviderReply, values: Readonly<Record<string, string>>, suffix = ''): Reply {
  const filled = `${text}${suffix}`.replace(/\{(\w+)\}/g, (_, name: string) => (values[name] ?? '').replace(/[^!-~]/g, '_').slice(0, 255))
  const prefix = status === undefined ? '' : `${status} `
  return replyOf(
    code,
    filled
      .split('\n')
      .flatMap(line => wrapped(line, WIDTH - prefix.length))
      .map(line => `${prefix}${line}`),
  )
}

/** At blanks; a longer word keeps a line for itself. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
