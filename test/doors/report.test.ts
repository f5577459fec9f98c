/** `stats --html` and `reputation --html`: one file that needs nothing else, private, and safe whatever names are in it. */
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { reportPage } from '../../src/cli/report/page.ts'
import { type AccountReport, readAccountReport } from '../../src/operations/account-report.ts'
import { deliverDue } from '../../src/operations/deliver-due.ts'
import { type Engine, openEngine, START } from '../support/engine.ts'
import { mailctl } from '../support/terminal.ts'

const DAY = 86_400_000
const { signal } = new AbortController()

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'mailctl-report-'))
  onTestFinished(() => rm(made, { recursive: true, force: true }))
  return made
}

/** Three days: two delivered on the first, one of them to Gmail; one bounced on the last, where another address is suppressed. */
async function busy(): Promise<Engine> {
  const engine = await openEngine()
  const { app } = engine
  const send = async (to: string): Promise<void> => {
    await engine.submit(`From: orders@shop.example\nTo: ${to}\nSubject: Hi\n\nHello\n`)
    await deliverDue(app, { signal })
  }
  await send('ann@gmail.com')
  await send('bob@example.com')
  await app.clock.waitUntil(START + 2 * DAY, signal)
  await app.store.suppress([
    { address: 'gone@example.com', reason: 'BOUNCE', updatedAt: app.clock.now(), messageId: null, feedbackId: null },
  ])
  await send('carl@nouser.test')
  await send('gone@example.com')
  return engine
}

const run = (engine: Engine, ...argv: readonly string[]) =>
  mailctl(['--home', engine.home, ...argv], { openApp: async () => ({ ...engine.app, close: async () => {} }) })

test('what was sent, where it went and what became of it', async () => {
  const { app } = await busy()
  const report = await readAccountReport(app, START)
  const of = (name: string) => ({ name, recipients: 1, delivered: 1, bounced: 0, waiting: 0, stopped: 0, complained: 0 })
  expect(report.providers).toEqual([{ ...of(''), recipients: 3, bounced: 1, stopped: 1 }, of('Gmail')])
  expect(report.domains).toEqual([
    { ...of('example.com'), recipients: 2, stopped: 1 },
    of('gmail.com'),
    { ...of('nouser.test'), delivered: 0, bounced: 1 },
  ])
  expect(report.sets).toEqual([{ ...of(''), recipients: 4, delivered: 2, bounced: 1, stopped: 1 }])
  expect(report.spans).toHaveLength((2 * DAY) / report.spanMs + 1)
  expect(report.spans[0]).toMatchObject({ at: START, sent: 2, delivered: 2, bounced: 0 })
  expect(report.spans.at(-1)).toMatchObject({ delivered: 0 })
  expect(report.reputation.history.at(-1)).toMatchObject({ day: START / DAY + 2, rates: { bounce: { volume: 3, count: 1 } } })
  expect((await readAccountReport(app, START + DAY)).domains.map(({ name }) => name)).toEqual(['example.com', 'nouser.test'])
})

test('complaints are put to the domain and the configuration set of their message; a report that something was no spam is none', async () => {
  const { app, submit } = await openEngine()
  const { messageId } = await submit('From: orders@shop.example\nTo: Ann@yahoo.com, bob@yahoo.com\n\nHello\n')
  await deliverDue(app, { signal })
  const complaint = (address: string, complaintFeedbackType: string) => ({
    ...{ type: 'Complaint', at: app.clock.now(), messageId, recipients: [address] },
    detail: { complaint: { complaintFeedbackType } },
  })
  await app.store.addEvents(messageId, [
    complaint('ann@yahoo.com', 'abuse'),
    complaint('ann@yahoo.com', 'abuse'),
    complaint('bob@yahoo.com', 'not-spam'),
  ])
  const { domains, sets, providers } = await readAccountReport(app, START)
  for (const [row] of [domains, sets, providers]) expect(row).toMatchObject({ recipients: 2, delivered: 2, complained: 1 })
  expect(providers[0]?.name).toMatch(/^Yahoo/)
})

test('a file of its own: private, whole, replaced the next time, the same from both commands', async () => {
  const engine = await busy()
  const dir = await folder()
  const file = join(dir, 'report.html')
  await writeFile(file, 'the one before', { mode: 0o644 })
  expect(await run(engine, 'stats', '--since', '30d', '--html', file)).toEqual({
    code: 0,
    stdout: `Wrote the report to ${file}\n`,
    stderr: '',
  })
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(await readdir(dir)).toEqual(['report.html'])
  const page = await readFile(file, 'utf8')
  const printed = await run(engine, 'reputation', '--html', '-')
  expect(printed).toEqual({ code: 0, stdout: page, stderr: '' })

  const json = await run(engine, 'stats', '--html', file, '--json')
  expect(JSON.parse(json.stdout)).toMatchObject({ File: file, Days: expect.any(Array) })
  const standing = await run(engine, 'reputation', '--html', file, '--json')
  expect(JSON.parse(standing.stdout)).toMatchObject({ File: file, EnforcementStatus: 'HEALTHY' })
  expect(await run(engine, 'stats', '--html', '-', '--json')).toMatchObject({ code: 64, stdout: '' })
  const nowhere = join(dir, 'none', 'report.html')
  expect(await run(engine, 'stats', '--html', nowhere)).toMatchObject({ code: 74, stdout: '' })
})

test('a page that loads nothing, runs nothing, and says in words what it draws', async () => {
  const page = reportPage(await readAccountReport((await busy()).app, START))
  expect(page).not.toMatch(/<script|<link|<img|<iframe|<object|\bsrc=|\bhref=|\bon\w+=|@import|url\(|https?:/i)
  expect(page).toContain(`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`)
  expect(unbalanced(page)).toEqual([])
  const charts = page.match(/<svg viewBox[^>]*>/g) ?? []
  expect(charts).toHaveLength(6)
  for (const chart of charts) {
    const [, title, description] = /aria-labelledby="(\S+) (\S+)"/.exec(chart) ?? []
    expect(page).toMatch(new RegExp(`<title id="${title}">[^<]+</title><desc id="${description}">[^<]+</desc>`))
  }
  const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)
  expect(new Set(ids).size).toBe(ids.length)
  // The lines that matter, and the numbers for who cannot see them.
  expect(page.match(/class="limit (review|pause)"/g)).toHaveLength(4)
  expect(page).toContain('<th scope="row">gmail.com</th>')
})

test('an account that has sent nothing', async () => {
  const { app } = await openEngine({ domain: null, production: false })
  const page = reportPage(await readAccountReport(app, START - 7 * DAY))
  expect(unbalanced(page)).toEqual([])
  expect(page).not.toMatch(/NaN|undefined|Infinity/)
})

test('names are text, whatever they are', async () => {
  const report = await readAccountReport((await busy()).app, START)
  const harmless = reportPage(named(report, 'name'))
  for (const hostile of [
    '</title><script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    "' onload='x",
    '<!--',
    '&lt;script&gt;',
    '\u001b[2J\u202e',
  ]) {
    const page = reportPage(named(report, hostile))
    expect(tags(page)).toEqual(tags(harmless))
    expect(page).not.toMatch(/[\u001b\u202e]/)
    expect(textOf(page)).toContain(hostile.replace(/[\u001b\u202e]/g, '\ufffd'))
  }
})

/** The report with this name for everything in it that has one. */
function named(report: AccountReport, name: string): AccountReport {
  const rates = report.reputation.rates
  return {
    ...report,
    account: { ...report.account, accountId: name, region: name },
    reputation: { ...report.reputation, reason: name, identities: [{ name, rates }], sets: [{ name, rates }] },
    providers: report.providers.map(row => ({ ...row, name })),
    domains: report.domains.map(row => ({ ...row, name })),
    sets: report.sets.map(row => ({ ...row, name })),
  }
}

const tags = (page: string): string[] => page.match(/<[!/]?[a-z][^>]*>/gi) ?? []
const textOf = (page: string): string =>
  page.replace(/<[^>]*>/g, '').replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))

/** Elements that are not closed where they should be. */
function unbalanced(page: string): string[] {
  const open: string[] = []
  for (const tag of tags(page)) {
    const [, close, name = ''] = /^<(\/?)([a-z]\w*)/i.exec(tag) ?? []
    if (name === '' || name === 'meta' || tag.endsWith('/>')) continue
    if (close !== '/') open.push(name)
    else if (open.pop() !== name) return [tag]
  }
  return open
}
