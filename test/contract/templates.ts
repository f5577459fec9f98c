/** What every implementation of the `Store` port must do with templates. Part of `store.ts`. */
import { describe, expect, it } from 'vitest'
import type { Template } from '../../src/account/template.ts'
import type { Store } from '../../src/ports/store.ts'
import { T0 } from '../support/account.ts'

const templateOf = (name: string, createdAt = T0): Template => ({
  name,
  createdAt,
  content: { subject: 'Hi {{name}}', text: 'T', html: null },
})

/** @param open a store on a fresh account, and the same account as another process would open it */
export function templatesContract(open: () => { readonly store: Store; readonly again: () => Promise<Store> }): void {
  describe('templates', () => {
    it('are kept whole, changed and removed, and other processes read them', async () => {
      const { store, again } = open()
      const first = { ...templateOf('first'), tags: [{ key: 'team', value: 'shop' }] }
      await store.addTemplate(first)
      const other = await again()
      expect(await other.template('first')).toEqual(first)
      await other.saveTemplate({ ...first, content: { subject: null, text: null, html: '<p>' } })
      expect(await store.template('first')).toEqual({ ...first, content: { subject: null, text: null, html: '<p>' } })
      await store.deleteTemplate('first')
      expect(await other.template('first')).toBeUndefined()
    })

    it('refuses a name twice, and to change or remove what is not there', async () => {
      const { store } = open()
      await store.addTemplate(templateOf('one'))
      await expect(store.addTemplate(templateOf('one', T0 + 1))).rejects.toMatchObject({
        code: 'already-exists',
        message: 'Template one already exists.',
      })
      expect((await store.template('one'))?.createdAt).toBe(T0)
      const missing = { code: 'not-found', message: 'Template two does not exist.' }
      await expect(store.saveTemplate(templateOf('two'))).rejects.toMatchObject(missing)
      await expect(store.deleteTemplate('two')).rejects.toMatchObject(missing)
    })

    it('lists a page at a time, the latest first', async () => {
      const { store } = open()
      for (const [name, at] of [
        ['a', 1],
        ['b', 3],
        ['c', 2],
        ['d', 2],
      ] as const)
        await store.addTemplate(templateOf(name, at))
      const seen: string[] = []
      let after: string | undefined
      do {
        const page = await store.templates({ limit: 3, ...(after !== undefined && { after }) })
        seen.push(...page.entries.map(({ name }) => name))
        after = page.next ?? undefined
      } while (after !== undefined)
      expect(seen).toEqual(['b', 'd', 'c', 'a'])
      await expect(store.templates({ limit: 1, after: '!' })).rejects.toMatchObject({ code: 'usage' })
    })
  })
}
