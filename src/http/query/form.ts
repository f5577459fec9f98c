/**
 * A form of the Query protocol as the members it means: `Tags.member.1.Name=k` is a list of structures, and indices may have gaps. SES fact:
 * api-v1 "Form encoding".
 */
import { serializationFault } from '../faults.ts'

type Node = { text?: string; parts?: Map<string, Node> }

const MAX_PARAMETERS = 20_000
const MAX_DEPTH = 12
const AMPERSAND = 0x26

/** Counted before anything is made of them. @throws RequestFault: too many parameters */
export function formIn(octets: Buffer): URLSearchParams {
  let count = 0
  for (let at = octets.indexOf(AMPERSAND); at >= 0; at = octets.indexOf(AMPERSAND, at + 1)) {
    count += 1
    if (count > MAX_PARAMETERS) throw tooMany()
  }
  return new URLSearchParams(octets.toString('latin1'))
}

const tooMany = () => serializationFault('The request has too many parameters')

/** @throws RequestFault: too deep */
export function membersOf(form: URLSearchParams): Record<string, unknown> {
  const root: Node = {}
  for (const [name, value] of form) {
    const path = name.split('.', MAX_DEPTH + 1)
    if (path.length > MAX_DEPTH) throw tooMany()
    let node = root
    for (const step of path) {
      node.parts ??= new Map()
      const next = node.parts.get(step) ?? {}
      node.parts.set(step, next)
      node = next
    }
    node.text = value
  }
  return structure(root)
}

function structure({ parts }: Node): Record<string, unknown> {
  const members: Record<string, unknown> = Object.create(null)
  for (const [name, node] of parts ?? []) members[name] = memberOf(node)
  return members
}

function memberOf(node: Node): unknown {
  const list = node.parts?.get('member')
  if (list === undefined) return node.parts === undefined ? node.text : structure(node)
  return [...(list.parts ?? [])]
    .filter(([index]) => /^\d+$/.test(index))
    .sort(([one], [other]) => Number(one) - Number(other))
    .map(([, item]) => memberOf(item))
}
