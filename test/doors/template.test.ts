import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { simpleParser } from 'mailparser'
import { expect, test } from 'vitest'
import { type WholeDoor, wholeDoor } from '../support/whole-door.ts'

const at = '2026-01-01T00:00:00.000Z'
const fails = async (door: WholeDoor, ...argv: string[]) => {
  const ran = await door.run([...argv, '--json'])
  return { code: ran.code, stdout: ran.stdout, ...JSON.parse(ran.stderr).Error }
}

test('a template lives as in SES: made, shown, listed, changed in part, removed', async () => {
  const door = await wholeDoor()
  writeFileSync(join(door.home, 'page.html'), '<p>{{name}}</p>\n')
  const made = {
    TemplateName: 'order',
    TemplateContent: { Subject: 'Order {{n}}', Text: 'Hello {{name}}', Html: '<p>{{name}}</p>\n' },
    Tags: [{ Key: 'team', Value: 'shop' }],
    CreatedTimestamp: at,
  }
  const flags = ['--subject', 'Order {{n}}', '--text', 'Hello {{name}}', '--html', `@${join(door.home, 'page.html')}`, '--tag', 'team=shop']
  expect(await door.json(['template', 'create', 'order', ...flags])).toEqual(made)
  expect(await door.json(['template', 'show', 'order'])).toEqual(made)
  expect(await door.json(['template', 'list'])).toEqual({
    TemplatesMetadata: [{ TemplateName: 'order', CreatedTimestamp: at }],
    StarterTemplates: ['password-reset', 'receipt', 'welcome'],
  })
  const changed = await door.json(['template', 'update', 'order', '--subject', 'No {{n}}', '--html', ''])
  expect(changed.TemplateContent).toEqual({ Subject: 'No {{n}}', Text: 'Hello {{name}}' })
  expect(changed.Tags).toEqual(made.Tags)
  expect(await door.json(['template', 'delete', 'order', '-n'])).toEqual({ TemplateName: 'order', Deleted: false })
  expect(await door.json(['template', 'delete', 'order', '--yes'])).toEqual({ TemplateName: 'order', Deleted: true })
  expect(await fails(door, 'template', 'show', 'order')).toMatchObject({
    code: 1,
    stdout: '',
    Code: 'NotFoundException',
    Message: 'Template order does not exist.',
  })
})

test.each([
  [['create', 'a b', '--text', 'x'], 65, 'BadRequestException'],
  [['create', 'empty'], 65, 'BadRequestException'],
  [['create', 'gone', '--text', '@no-such-file'], 66, 'InputUnreadable'],
  [['update', 'nobody', '--text', 'x'], 1, 'NotFoundException'],
  [['update', 'welcome', '--text', 'x'], 1, 'NotFoundException'],
  [['update', 'nobody'], 64, 'UsageError'],
  [['delete', 'welcome', '--yes'], 1, 'NotFoundException'],
  [['render', 'nobody'], 1, 'NotFoundException'],
  [['render', 'welcome', '--data', '[]'], 65, 'BadRequestException'],
  [['list', '--next-token', 'x'], 64, 'UsageError'],
])('template %j ends with %i', async (argv, code, name) => {
  expect(await fails(await wholeDoor(), 'template', ...argv)).toMatchObject({
    code,
    stdout: '',
    Code: name,
    Hint: expect.stringMatching(/./),
  })
})

test('render gives the message that another reader understands, and names what the data lacks', async () => {
  const door = await wholeDoor()
  await door.run(['template', 'create', 'hi', '--subject', 'Grüße, {{name}}', '--text', "It's {{name}} <&>", '--html', '<p>{{name}}</p>'])
  const { RenderedTemplate } = await door.json(['template', 'render', 'hi', '--data', '{"name":"Zoë & co"}'])
  const read = await simpleParser(RenderedTemplate)
  expect(read).toMatchObject({ subject: 'Grüße, Zoë & co', html: '<p>Zoë & co</p>', date: new Date(at) })
  expect(read.text?.trim()).toBe("It's Zoë & co <&>")
  expect([...read.headers.keys()].sort()).toEqual(['content-type', 'date', 'mime-version', 'subject'])
  expect((await door.run(['template', 'render', 'hi', '--data', '{"name":"Ann"}'])).stdout).toContain('\r\n')
  expect(await fails(door, 'template', 'render', 'hi')).toMatchObject({
    code: 65,
    stdout: '',
    Message: "Attribute 'name' is not present in the rendering data.",
  })
})

test('compose and send take a stored template first, then the starter of that name', async () => {
  const door = await wholeDoor()
  await door.run(['verify', 'domain', 'shop.test'])
  const data = '{"product":"Acme","name":"Ann","url":"https://x.test/"}'
  const draft = ['--from', 'a@shop.test', '--to', 'success@simulator.amazonses.com', '--template', 'welcome', '--data', data]
  expect((await door.run(['compose', ...draft])).stdout).toContain('Subject: Welcome to Acme, Ann')
  await door.run(['template', 'create', 'welcome', '--subject', 'Our own, {{name}}', '--text', 'x'])
  expect((await door.run(['compose', ...draft, '--sign'])).stdout).toContain('Subject: Our own, Ann')
  const sent = await door.json(['send', ...draft])
  expect(sent.Recipients[0].Status).toBe('DELIVERED')
  expect(await fails(door, 'send', ...draft.slice(0, -1), '{}')).toMatchObject({
    code: 65,
    Message: "Attribute 'name' is not present in the rendering data.",
  })
  expect(await fails(door, 'send', ...draft.slice(0, 5), 'nobody')).toMatchObject({ code: 1, Code: 'NotFoundException' })
})
