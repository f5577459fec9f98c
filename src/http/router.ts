/** Finds the route of a request: a tree of path segments. A literal segment wins over a label; a slash at the end makes no difference. */
import type { Route } from './route.ts'

interface Node {
  readonly literals: Map<string, Node>
  label: Node | undefined
  readonly routes: Map<string, { readonly route: Route; readonly names: readonly string[] }>
}

export type Found =
  | { readonly kind: 'route'; readonly route: Route; readonly labels: Readonly<Record<string, string>> }
  /** The path is there, with other methods. */
  | { readonly kind: 'method'; readonly allowed: readonly string[] }
  | { readonly kind: 'none' }

export type Router = (method: string, path: string) => Found

/** Longer paths are none of ours; it bounds the walk. */
const MAX_SEGMENTS = 16

const newNode = (): Node => ({ literals: new Map(), label: undefined, routes: new Map() })

/** @throws Error when two routes are the same: a mistake of the program */
export function router(routes: readonly Route[]): Router {
  const root = newNode()
  for (const route of routes) add(root, route)
  return (method, path) => {
    const segments = segmentsOf(path)
    if (segments === undefined) return { kind: 'none' }
    const values: string[] = []
    const node = walk(root, segments, 0, values)
    if (node === undefined) return { kind: 'none' }
    const found = node.routes.get(method)
    if (found === undefined) return { kind: 'method', allowed: [...node.routes.keys()] }
    const labels = Object.fromEntries(found.names.map((name, index) => [name, values[index] ?? '']))
    return { kind: 'route', route: found.route, labels }
  }
}

function add(root: Node, route: Route): void {
  const names: string[] = []
  let node = root
  for (const segment of route.path.split('/').filter(part => part !== '')) {
    const [, name] = /^\{(\w+)\}$/.exec(segment) ?? []
    if (name === undefined) {
      const next = node.literals.get(segment) ?? newNode()
      node.literals.set(segment, next)
      node = next
    } else {
      names.push(name)
      node.label ??= newNode()
      node = node.label
    }
  }
  if (node.routes.has(route.method)) throw new Error(`two routes for ${route.method} ${route.path}`)
  node.routes.set(route.method, { route, names })
}

/** @returns undefined for a path that is too long or badly encoded */
function segmentsOf(path: string): readonly string[] | undefined {
  const parts = path.split('/', MAX_SEGMENTS + 2).slice(1)
  if (parts.at(-1) === '') parts.pop()
  if (parts.length > MAX_SEGMENTS) return undefined
  try {
    return parts.map(decodeURIComponent)
  } catch {
    return undefined
  }
}

/** The first node with routes, literals before labels. @param values of the labels on the way to it */
function walk(node: Node, segments: readonly string[], depth: number, values: string[]): Node | undefined {
  const segment = segments[depth]
  if (segment === undefined) return node.routes.size > 0 ? node : undefined
  const literal = node.literals.get(segment)
  const found = literal && walk(literal, segments, depth + 1, values)
  if (found) return found
  if (node.label === undefined || segment === '') return undefined
  values.push(segment)
  const labelled = walk(node.label, segments, depth + 1, values)
  if (labelled === undefined) values.pop()
  return labelled
}
