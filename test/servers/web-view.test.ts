/** The web view as a person has it: Debian's Chromium on a built `serve`, by keyboard, on a phone, in the dark, with hostile mail. */
import { createHash, randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { type BuiltProgram, builtProgram } from '../support/built.ts'
import { type Serving, startServing } from '../support/serving.ts'

const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')
const DOORS = ['--smtp', 'off', '--smtps', 'off', '--mx', 'off', '--https', 'off', '--http', '127.0.0.1:0']
const invoice = randomBytes(150_000)

let mailctl: BuiltProgram
let serving: Serving
let browser: Browser
/** Stands for the web: whoever connects is written down, with the first line that he says. */
let stranger: Server
const connections: string[] = []

/** Everything in a mail that might ask for something from elsewhere, or take the reader there. */
const hostile = (url: string): string => `<!doctype html><html><head><title>x</title>
<link rel="preconnect" href="${url}/preconnect"><link rel="prefetch" href="${url}/prefetch"><link rel="stylesheet" href="${url}/sheet.css">
<meta http-equiv="refresh" content="0;url=${url}/refresh"><base href="${url}/base/">
<style>@import "${url}/import.css"; @font-face{font-family:f;src:url(${url}/font.woff)} h1{font-family:f;background:url(${url}/css.png)}</style>
<script src="${url}/script.js"></script><script>new Image().src="${url}/inline.png"; parent.document.title="taken"; document.title="ran"</script></head>
<body background="${url}/body.png" onload="location='${url}/load'"><h1>Your parcel</h1>
<img id="remote" src="${url}/pixel.gif" onerror="this.src='${url}/error.gif'"><img id="own" src="cid:logo@shop"><img srcset="${url}/set.png 1x">
<picture><source srcset="${url}/source.png"><img src="relative.png"></picture><video poster="${url}/poster.png" src="${url}/video.mp4" autoplay></video>
<iframe src="${url}/frame"></iframe><object data="${url}/object"></object><embed src="${url}/embed"><svg><image href="${url}/svg.png"/></svg>
<form action="${url}/form"><input name="a"><button id="send">Send</button></form><a id="link" href="${url}/clicked" ping="${url}/ping">Track it</a></body></html>`

beforeAll(async () => {
  stranger = createServer(socket => {
    const at = connections.push('(nothing)') - 1
    socket.on('error', () => {})
    socket.once('data', octets => {
      connections[at] = octets.toString().split('\r\n', 1)[0] ?? ''
      socket.end('HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n')
    })
  })
  await new Promise<void>(done => stranger.listen(0, '127.0.0.1', done))
  mailctl = await builtProgram()
  await mailctl.json(['init'])
  await mailctl.json(['verify', 'domain', 'shop.example'])
  await mailctl.json(['account', 'request-production', '--approve'])
  const files = {
    'logo.png': PNG,
    'Rechnung März.pdf': invoice,
    'page.html': hostile(`http://127.0.0.1:${(stranger.address() as AddressInfo).port}`),
  }
  for (const [name, content] of Object.entries(files)) await writeFile(join(mailctl.folder, name), content)
  await send('ann@gmail.com', 'Your order 4711', [
    ...['--html', `@${join(mailctl.folder, 'page.html')}`, '--inline', `${join(mailctl.folder, 'logo.png')};cid=logo@shop`],
    ...['--attach', join(mailctl.folder, 'Rechnung März.pdf')],
  ])
  await send('eve@nouser.test', 'To nobody', [], 1)
  for (let number = 1; number <= 5; number += 1) await send(`c${number}@example.org`, `Receipt ${number}`)
  serving = await startServing(mailctl, DOORS)
  browser = await launchBrowser()
}, 180_000)

afterAll(async () => {
  await browser?.close()
  await serving?.stop()
  await mailctl?.remove()
  stranger?.close()
})

const send = (to: string, subject: string, more: readonly string[] = [], exit = 0) =>
  mailctl.json(
    ['send', '--from', 'Shop <orders@shop.example>', '--to', to, '--subject', subject, '--text', 'The text of it.', ...more],
    exit,
  )

interface Opened {
  readonly page: Page
  /** What the page itself did wrong, its own policy's refusals among them. */
  readonly complaints: string[]
}

async function open(hash = '', options: BrowserContextOptions = {}, base = serving.doors.Http): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
  onTestFinished(() => context.close())
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', error => complaints.push(error.message))
  page.on('console', message => {
    if (message.type() === 'error' && !message.location().url.includes('/html')) complaints.push(message.text())
  })
  await page.goto(`${base}/${hash}`)
  await page.locator('main h1').waitFor()
  return { page, complaints }
}

const rows = (page: Page) => page.locator('main a.row')
const subjects = async (page: Page): Promise<string[]> => await page.locator('main .what > bdi').allTextContents()
const isFocused = (page: Page, selector: string): Promise<boolean> =>
  page
    .locator(`${selector}:focus`)
    .count()
    .then(found => found > 0)

test('from the first page to a message and back, by keyboard alone', async () => {
  const { page, complaints } = await open()
  expect(await page.locator('.tile').allTextContents()).toEqual(
    expect.arrayContaining([
      'Sent7last 24 hours',
      expect.stringMatching(/^Delivered85\.7 %6 recipients$/),
      expect.stringMatching(/^Bounced14\.3 %/),
    ]),
  )
  await page.keyboard.press('g')
  await page.keyboard.press('m')
  await page.locator('h1', { hasText: 'Messages' }).waitFor()
  await page.keyboard.press('/')
  await page.keyboard.type('ORDER 4711')
  await expect.poll(() => subjects(page)).toEqual(['Your order 4711'])
  await page.keyboard.press('ArrowDown')
  expect(await isFocused(page, 'a.row')).toBe(true)
  await page.keyboard.press('Enter')
  await page.locator('[role=tab][aria-selected=true]', { hasText: 'HTML' }).waitFor()
  await page.keyboard.press('ArrowRight')
  expect(await page.locator('#part-text pre').textContent()).toBe('The text of it.')
  expect(await isFocused(page, '[role=tab][aria-selected=true]')).toBe(true)
  await page.keyboard.press('Escape')
  await page.locator('h1', { hasText: 'Messages' }).waitFor()
  expect(await page.locator('input[type=search]').inputValue()).toBe('ORDER 4711')
  await expect.poll(() => isFocused(page, 'a.row')).toBe(true)
  await page.keyboard.press('Escape')
  await expect.poll(() => rows(page).count()).toBe(8)
  await page.keyboard.press('k')
  await page.keyboard.press('?')
  await page.locator('dialog[open]').waitFor()
  expect(await isFocused(page, 'dialog button')).toBe(true)
  await page.keyboard.press('Escape')
  expect(await page.locator('dialog[open]').count()).toBe(0)
  // Whatever can be reached with Tab has a name to be read out.
  for (const control of await page.locator('a, button, input, select').all())
    expect(await control.evaluate(one => one.getAttribute('aria-label') ?? one.textContent?.trim())).not.toBe('')
  expect(complaints).toEqual([])
})

test('a search finds by state, and says so when it finds nothing', async () => {
  const { page } = await open('#/messages?q=is:bounced')
  expect(await subjects(page)).toEqual(['To nobody'])
  await page.locator('input[type=search]').fill('nothing of the kind')
  await page.getByText('Nothing found.').waitFor()
  await page.locator('input[type=search]').fill('c3@example')
  await expect.poll(() => subjects(page)).toEqual(['Receipt 3'])
})

test('hostile mail is seen and does nothing: no connection, no script, no way out', async () => {
  const { page, complaints } = await open('#/messages?q=4711')
  await rows(page).first().click()
  const frame = page.frameLocator('iframe')
  await frame.locator('h1', { hasText: 'Your parcel' }).waitFor()
  await page.waitForLoadState('networkidle')
  // Its own picture is there.
  expect(await frame.locator('#own').evaluate(image => (image as unknown as { naturalWidth: number }).naturalWidth)).toBe(1)
  await frame.locator('#link').click()
  await frame.locator('#send').click()
  await page.waitForLoadState('networkidle')
  expect(await frame.locator('h1').textContent()).toBe('Your parcel')
  expect(page.context().pages()).toHaveLength(1)
  expect(await page.title()).toBe('Your order 4711 · mailctl')
  // Opened as a page of its own it is held as well.
  const alone = await page.context().newPage()
  await alone.goto(`${serving.doors.Http}${await page.locator('iframe').getAttribute('src')}`, { waitUntil: 'networkidle' })
  expect(await alone.title()).not.toBe('ran')
  expect(connections).toEqual([])
  expect(complaints).toEqual([])
  // The browser could have: where the reader himself goes, it goes.
  await page.locator('summary', { hasText: '1 link' }).click()
  await page.locator('.links a').click()
  await expect.poll(() => connections).toContainEqual(expect.stringMatching(/^GET \/clicked /))
})

test('source, headers, attachments, verdicts and story of a message', async () => {
  const { page, complaints } = await open('#/messages?q=4711')
  await rows(page).first().click()
  const tab = async (name: RegExp) => {
    await page.getByRole('tab', { name }).click()
    return page.locator('[role=tabpanel]:not([hidden])')
  }
  expect(
    await (await tab(/^Headers/))
      .locator('div', { hasText: /^Subject/ })
      .locator('dd')
      .textContent(),
  ).toBe('Your order 4711')
  await (await tab(/^Source/)).locator('pre', { hasText: 'Content-Type: multipart/mixed' }).waitFor()
  const files = await tab(/^Attachments 2/)
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    files.getByRole('link', { name: 'Download Rechnung März.pdf' }).click(),
  ])
  expect(download.suggestedFilename()).toBe('Rechnung März.pdf')
  expect((await readFile(await download.path())).equals(invoice)).toBe(true)
  expect(await files.textContent()).toContain(createHash('sha256').update(invoice).digest('hex'))
  expect(await (await tab(/^Authentication/)).locator('.verdicts li .chip').allTextContents()).toEqual(['pass', 'pass', 'pass'])
  const story = await tab(/^Timeline/)
  await story.locator('summary', { hasText: 'SMTP dialogue' }).first().click()
  expect(await story.locator('pre').first().textContent()).toContain('RCPT TO:<ann@gmail.com>')
  expect(complaints).toEqual([])
})

test('what is sent while one looks appears by itself', async () => {
  const { page } = await open('#/events')
  await page.locator('#live', { hasText: 'Live' }).waitFor()
  const list = await open('#/messages')
  await send('late@example.org', 'While you look')
  await page.locator('a.row', { hasText: 'While you look' }).locator('.chip', { hasText: 'Delivery' }).waitFor()
  await list.page.locator('a.row', { hasText: 'While you look' }).locator('.dot.good').waitFor()
  await list.page.getByRole('link', { name: 'Inbox' }).click()
  await list.page.locator('h1', { hasText: 'Inbox' }).waitFor()
  await list.page.locator('a.row', { hasText: 'While you look' }).waitFor()
})

/** In the page: every text that is seen, its colour, and the colour behind it. */
const SEEN_TEXTS = `[...document.querySelectorAll('main *, header *')]
  .filter(one => one.checkVisibility() && [...one.childNodes].some(node => node.nodeType === 3 && node.textContent.trim() !== ''))
  .map(one => {
    let behind = one
    while (behind && getComputedStyle(behind).backgroundColor === 'rgba(0, 0, 0, 0)') behind = behind.parentElement
    return [one.textContent, getComputedStyle(one).color, behind ? getComputedStyle(behind).backgroundColor : 'rgb(255, 255, 255)']
  })`

const luminance = (colour: string): number => {
  const [r = 0, g = 0, b = 0] = (colour.match(/[\d.]+/g) ?? []).map(part => {
    const value = Number(part) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

test.each(['light', 'dark'] as const)('on a phone, in the %s: nothing stands out to the side, and all can be read', async colorScheme => {
  const { page, complaints } = await open('', { viewport: { width: 360, height: 740 }, colorScheme })
  const { entries } = JSON.parse(await (await fetch(`${serving.doors.Http}/view/messages?q=4711`)).text())
  const parts = ['html', 'text', 'headers', 'source', 'attachments', 'authentication', 'timeline'].map(
    part => `#/messages/${entries[0].id}/${part}`,
  )
  for (const hash of ['#/', '#/messages', '#/inbox', '#/events', ...parts]) {
    await page.goto(`${serving.doors.Http}/${hash}`)
    await page.reload()
    await page.locator('main h1').waitFor()
    await page.waitForLoadState('networkidle')
    expect([hash, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([hash, 360])
    // WCAG 2.2, 1.4.3: text against what is behind it.
    const faint = await page.evaluate<readonly (readonly [text: string, colour: string, ground: string])[]>(SEEN_TEXTS)
    expect(faint.length).toBeGreaterThan(5)
    const contrast = ([, text, ground]: (typeof faint)[number]): number => {
      const [light = 0, dark = 0] = [luminance(text), luminance(ground)].sort((a, b) => b - a)
      return (light + 0.05) / (dark + 0.05)
    }
    expect(faint.filter(one => contrast(one) < 4.5)).toEqual([])
  }
  const ground = luminance(await page.evaluate<string>('getComputedStyle(document.body).backgroundColor'))
  if (colorScheme === 'dark') expect(ground).toBeLessThan(0.05)
  else expect(ground).toBeGreaterThan(0.9)
  expect(complaints).toEqual([])
})

test('where requests are signed, the browser logs in with an access key', async () => {
  const { AccessKeyId, SecretAccessKey } = await mailctl.json(['keys', 'create'])
  const signed = await startServing(mailctl, [...DOORS, '--http-auth', 'sigv4'])
  onTestFinished(() => void signed.stop())
  const login = { httpCredentials: { username: AccessKeyId, password: SecretAccessKey } }
  const { page } = await open('#/messages', login, signed.doors.Http)
  await rows(page).first().waitFor()
  await page.locator('#live', { hasText: 'Live' }).waitFor()
  expect((await fetch(signed.doors.Http)).status).toBe(401)
})
