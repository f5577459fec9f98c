// @ts-check
/**
 * Runs in a worker thread of `template-renderer.ts`: reads SES templates with the Handlebars parser and fills them by a walk of its own
 * over the tree. It knows `{{a.b}}`, `{{{a}}}`, `#each`, `#if` with `else`, and inline partials; no helpers, no prototypes, no escaping.
 * Plain JavaScript, because a worker starts from a file that Node itself must be able to read, in tests as in the bundle.
 * SES facts: what is offered, no HTML escaping, and the text about a missing attribute.
 */
import { parentPort } from 'node:worker_threads'
import handlebars from 'handlebars'

/**
 * What we use of the syntax tree of Handlebars 4:
 * @typedef {{ type: 'PathExpression', original: string, data: boolean, depth: number, parts: string[] }} Path
 * @typedef {{ type: 'StringLiteral' | 'NumberLiteral' | 'BooleanLiteral', original: unknown, value: unknown }} Literal
 * @typedef {{ type: 'SubExpression', original?: undefined }} SubExpression
 * @typedef {Path | Literal | SubExpression} Expression
 * @typedef {{ body: Statement[] }} Program
 * @typedef {{ path: Path, params: Expression[], hash?: unknown, program: Program, inverse?: Program }} Block
 * @typedef {{ type: 'ContentStatement', value: string }
 *   | { type: 'CommentStatement' }
 *   | { type: 'MustacheStatement', path: Path | Literal, params: Expression[], hash?: unknown }
 *   | { type: 'PartialStatement', name: Path | Literal, params: Expression[], hash?: unknown }
 *   | { type: 'BlockStatement' } & Block
 *   | { type: 'DecoratorBlock' } & Block} Statement
 *
 * @typedef {{ data: unknown, vars: Readonly<Record<string, unknown>>, parent: Scope | undefined, root: unknown }} Scope
 * @typedef {{ subject: string | null, text: string | null, html: string | null }} Content
 */

/** Marks what the author of the template did wrong; anything else is a bug of ours. */
class TemplateError extends Error {}

/** The longest way through nested blocks and partials. */
const MAX_DEPTH = 100

/**
 * Parts that were read, the longest unused first, so that the thousandth message of a template does not read it again. Bounded by the length
 * of their source, of which a tree is some multiple.
 * @type {Map<string, Program>}
 */
const known = new Map()
let knownCharacters = 0
const MAX_KNOWN_CHARACTERS = 512 * 1024

/** @param {string} source @returns {Program} */
function read(source) {
  const before = known.get(source)
  if (before) {
    known.delete(source)
    known.set(source, before)
    return before
  }
  for (const oldest of known.keys()) {
    if (knownCharacters + source.length <= MAX_KNOWN_CHARACTERS) break
    known.delete(oldest)
    knownCharacters -= oldest.length
  }
  let program
  try {
    program = /** @type {Program} */ (/** @type {unknown} */ (handlebars.parse(source)))
  } catch (error) {
    throw new TemplateError(`cannot be read: ${error instanceof Error ? error.message : error}`)
  }
  known.set(source, program)
  knownCharacters += source.length
  return program
}

/**
 * One filling of one part.
 * @param {string} source @param {unknown} data @param {{ syntax: 'blocks' | 'places', maxCharacters: number }} limits
 */
function fill(source, data, { syntax, maxCharacters }) {
  const program = read(source)
  let out = ''
  let depth = 0

  /** @param {string} text */
  const write = text => {
    out += text
    if (out.length > maxCharacters) throw new TemplateError(`gives more than ${maxCharacters} characters`)
  }

  /** @param {Program | undefined} block @param {Scope} scope @param {ReadonlyMap<string, Program>} outer @returns {void} */
  const walk = (block, scope, outer) => {
    if (!block) return
    depth += 1
    if (depth > MAX_DEPTH) throw new TemplateError(`nests blocks or partials deeper than ${MAX_DEPTH}`)
    const partials = new Map(outer)
    for (const node of block.body) if (node.type === 'DecoratorBlock') partials.set(inlineName(node), node.program)
    for (const node of block.body) visit(node, scope, partials)
    depth -= 1
  }

  /** @param {Statement} node @param {Scope} scope @param {ReadonlyMap<string, Program>} partials @returns {void} */
  const visit = (node, scope, partials) => {
    if (syntax === 'places' && !isPlain(node)) throw new TemplateError(`uses '${spelled(node)}', which only stored templates offer`)
    switch (node.type) {
      case 'ContentStatement':
        return write(node.value)
      case 'CommentStatement':
      case 'DecoratorBlock':
        return
      case 'MustacheStatement':
        if (node.params.length > 0 || node.hash !== undefined) throw notOffered(node.path.original)
        return write(toText(required(node.path, scope)))
      case 'PartialStatement': {
        const name = String(node.name.original)
        const partial = partials.get(name)
        if (partial === undefined) throw new TemplateError(`names the partial '${name}', which it does not define`)
        if (node.params.length > 1 || node.hash !== undefined) throw notOffered(`> ${name}`)
        const [argument] = node.params
        return walk(partial, argument === undefined ? scope : inner(required(argument, scope), {}, scope), partials)
      }
      case 'BlockStatement': {
        const [subject] = node.params
        if (subject === undefined || node.params.length > 1 || node.hash !== undefined) throw notOffered(`#${node.path.original}`)
        if (node.path.original === 'if') {
          return walk(isTrue(lookUp(subject, scope).value) ? node.program : node.inverse, scope, partials)
        }
        if (node.path.original === 'each') return each(required(subject, scope), node, scope, partials)
        throw notOffered(`#${node.path.original}`)
      }
      default:
        throw notOffered(/** @type {{ type: string }} */ (node).type)
    }
  }

  /** @param {unknown} list @param {Block} node @param {Scope} scope @param {ReadonlyMap<string, Program>} partials @returns {void} */
  const each = (list, node, scope, partials) => {
    const entries = Array.isArray(list) ? [...list.entries()] : typeof list === 'object' && list !== null ? Object.entries(list) : []
    if (entries.length === 0) return walk(node.inverse, scope, partials)
    entries.forEach(([key, value], index) => {
      walk(node.program, inner(value, { index, key, first: index === 0, last: index === entries.length - 1 }, scope), partials)
    })
  }

  walk(program, { data, vars: {}, parent: undefined, root: data }, new Map())
  return out
}

/** @param {unknown} data @param {Readonly<Record<string, unknown>>} vars @param {Scope} parent @returns {Scope} */
const inner = (data, vars, parent) => ({ data, vars, parent, root: parent.root })

/** @param {Block} node @returns {string} */
function inlineName(node) {
  const [name] = node.params
  if (node.path.original !== 'inline' || node.params.length !== 1 || name?.type !== 'StringLiteral')
    throw notOffered(`#*${node.path.original}`)
  return String(name.value)
}

/** Text, a remark or a place for a value. @param {Statement} node */
const isPlain = node => node.type === 'ContentStatement' || node.type === 'CommentStatement' || node.type === 'MustacheStatement'

/** How its author wrote it. @param {Statement} node @returns {string} */
const spelled = node => {
  if (node.type === 'BlockStatement') return `#${node.path.original}`
  if (node.type === 'DecoratorBlock') return `#*${node.path.original}`
  return node.type === 'PartialStatement' ? `> ${node.name.original}` : node.type
}

/** @param {unknown} what */
const notOffered = what => new TemplateError(`uses '${what}', which SES templates do not offer`)

/** @param {Expression} path @param {Scope} scope */
function required(path, scope) {
  const { found, value } = lookUp(path, scope)
  if (!found) throw new TemplateError(`Attribute '${path.original}' is not present in the rendering data.`)
  return value
}

/**
 * Own members only: no `constructor`, no `length`, nothing that the data did not say.
 * @param {Expression} path @param {Scope} scope @returns {{ found: boolean, value: unknown }}
 */
function lookUp(path, scope) {
  if (path.type !== 'PathExpression') {
    if ('value' in path) return { found: true, value: path.value }
    throw notOffered(path.type)
  }
  /** @type {Scope | undefined} */
  let from = scope
  for (let up = 0; up < path.depth; up += 1) from = from?.parent
  if (from === undefined) return { found: false, value: undefined }
  const parts = [...path.parts]
  /** @type {unknown} */
  let value = from.data
  if (path.data) {
    const name = parts.shift() ?? ''
    if (name === 'root') value = scope.root
    else {
      let holder = from
      while (!Object.hasOwn(holder.vars, name) && holder.parent !== undefined) holder = holder.parent
      if (!Object.hasOwn(holder.vars, name)) return { found: false, value: undefined }
      value = holder.vars[name]
    }
  }
  for (const part of parts) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return { found: false, value: undefined }
    value = /** @type {Record<string, unknown>} */ (value)[part]
  }
  return { found: true, value }
}

/** As Handlebars sees it: an empty list is false, zero too. @param {unknown} value */
const isTrue = value => (Array.isArray(value) ? value.length > 0 : Boolean(value))

/** As Handlebars writes it. @param {unknown} value @returns {string} */
function toText(value) {
  if (value === null || value === undefined) return ''
  if (Array.isArray(value)) return value.map(toText).join(',')
  return typeof value === 'object' ? '[object Object]' : String(value)
}

parentPort?.on(
  'message',
  (
    /** @type {{ template: Content, data: unknown, syntax: 'blocks' | 'places', maxCharacters: number }} */ { template, data, ...limits },
  ) => {
    try {
      const part = (/** @type {string | null} */ source) => (typeof source === 'string' ? fill(source, data, limits) : null)
      parentPort?.postMessage({ rendered: { subject: part(template.subject), text: part(template.text), html: part(template.html) } })
    } catch (error) {
      // A stack that is full, or a text longer than any can be, is the data's or the template's doing too.
      if (error instanceof RangeError) return parentPort?.postMessage({ refused: 'nests too deep or grows too long' })
      if (!(error instanceof TemplateError)) throw error
      parentPort?.postMessage({ refused: error.message })
    }
  },
)

parentPort?.postMessage({ ready: true })
