/** Stored templates, each one row with its record as JSON. */
import { MAX_TEMPLATES, noSuchTemplate, type Template } from '../../account/template.ts'
import type { Database, SqlRow } from '../../base/database.ts'
import { MailctlError } from '../../base/errors.ts'
import type { TemplatePage, Templates } from '../../ports/templates.ts'
import { number, text } from './columns.ts'
import { pageOf, placeOf } from './pages.ts'

const toTemplate = (row: SqlRow): Template => ({
  name: text(row, 'name'),
  createdAt: number(row, 'created_at'),
  ...JSON.parse(text(row, 'record')),
})
const recordOf = ({ content, tags }: Template): string => JSON.stringify({ content, ...(tags && { tags }) })

/** @param commit runs a write in a transaction */
export function templateRows(database: Database, commit: (work: () => void) => Promise<void>): Templates {
  function find(name: string): Template | undefined {
    const row = database.prepare('SELECT * FROM template WHERE name = ?').get(name)
    return row && toTemplate(row)
  }

  function insert(template: Template): void {
    const { name, createdAt } = template
    if (find(name))
      throw new MailctlError('already-exists', `Template ${name} already exists.`, { hint: `mailctl template update ${name} changes it.` })
    const counted = database.prepare('SELECT COUNT(*) AS count FROM template').get()
    if (counted && number(counted, 'count') >= MAX_TEMPLATES)
      throw new MailctlError('limit-exceeded', `the account has ${MAX_TEMPLATES} templates, the most there can be`, {
        hint: 'Delete one with mailctl template delete.',
      })
    database.prepare('INSERT INTO template (name, created_at, record) VALUES (?, ?, ?)').run(name, createdAt, recordOf(template))
  }

  function page({ limit, after }: { readonly limit: number; readonly after?: string }): TemplatePage {
    const rows = database
      .prepare('SELECT name, created_at FROM template WHERE (created_at, name) < (?, ?) ORDER BY created_at DESC, name DESC LIMIT ?')
      .all(...placeOf(after), limit + 1)
    const entries = rows.map(row => ({ name: text(row, 'name'), createdAt: number(row, 'created_at') }))
    return pageOf(entries, limit, ({ createdAt, name }) => [createdAt, name])
  }

  return {
    addTemplate: template => commit(() => insert(template)),
    template: async name => find(name),
    templates: async ask => page(ask),
    saveTemplate: template =>
      commit(() => {
        const { changes } = database.prepare('UPDATE template SET record = ? WHERE name = ?').run(recordOf(template), template.name)
        if (changes === 0) throw noSuchTemplate(template.name)
      }),
    deleteTemplate: name =>
      commit(() => {
        if (database.prepare('DELETE FROM template WHERE name = ?').run(name).changes === 0) throw noSuchTemplate(name)
      }),
  }
}
