import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type WholeDoor, wholeDoor } from '../support/whole-door.ts'

async function openBulk(): Promise<
  WholeDoor & { file(name: string, text: string): string; lines(name: string): Record<string, unknown>[] }
> {
  const door = await wholeDoor()
  await door.run(['verify', 'domain', 'shop.test'])
  await door.run(['account', 'request-production', '--approve', '--max-24h-send', '1000', '--max-send-rate', '100'])
  await door.run(['template', 'create', 'order', '--subject', 'Order {{n}}', '--text', 'Dear {{name}}, {{season}}'])
  return {
    ...door,
    file(name, text) {
      writeFileSync(join(door.home, name), text)
      return join(door.home, name)
    },
    lines: name =>
      readFileSync(join(door.home, name), 'utf8')
        .trim()
        .split('\n')
        .map(line => JSON.parse(line)),
  }
}
const FLAGS = ['--template', 'order', '--from', 'orders@shop.test', '--data', '{"season":"spring"}']
const subjects = async (door: WholeDoor) =>
  (await door.json(['inbox', 'list', '--limit', '100'])).Messages.filter(
    (one: { Subject: string }) => !one.Subject.startsWith('Delivery Status'),
  )
    .map((one: { Subject: string; EnvelopeTo: string[] }) => `${one.EnvelopeTo[0]} ${one.Subject}`)
    .sort()
const fails = async (door: WholeDoor, ...argv: string[]) => {
  const ran = await door.run([...argv, '--json'])
  return { code: ran.code, stdout: ran.stdout, ...JSON.parse(ran.stderr).Error }
}

test('each row of CSV becomes a message and a result; the same command again sends nothing', async () => {
  const door = await openBulk()
  const rows = door.file(
    'rows.csv',
    '\ufeffn,Email,name\r\n1,ann@gmail.com,"Ann, of ""Rome"""\r\n2,bob@nouser.test,Bob\r\n\r\n3,Cyd <cyd@gmx.de>,"Cyd\nLee"\r\n',
  )
  const first = await door.json(['bulk', rows, ...FLAGS], 1)
  expect(first).toEqual({
    JobId: expect.stringMatching(/^[0-9a-f]{16}$/),
    Rows: 3,
    Delivered: 2,
    Queued: 0,
    Deferred: 0,
    Bounced: 1,
    Suppressed: 0,
    Rejected: 0,
    SentBefore: 0,
    InDoubt: 0,
    ResultsFile: `${rows}.results.jsonl`,
  })
  const results = door.lines('rows.csv.results.jsonl')
  expect(results.map(({ Row, Line, EmailAddress, Status }) => [Row, Line, EmailAddress, Status])).toEqual([
    [1, 2, 'ann@gmail.com', 'DELIVERED'],
    [2, 3, 'bob@nouser.test', 'BOUNCED'],
    [3, 6, 'cyd@gmx.de', 'DELIVERED'],
  ])
  expect(results[1]).toMatchObject({ JobId: first.JobId, MessageId: expect.any(String), Detail: expect.stringContaining('550 5.1.1') })
  const again = await door.run(['bulk', rows, ...FLAGS])
  expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('all 3 rows were sent before') })
  expect(again.stdout).toContain('3 messages, 3 of them sent before')
  expect(door.lines('rows.csv.results.jsonl')).toHaveLength(3)
  expect(await subjects(door)).toEqual(['ann@gmail.com Order 1', 'cyd@gmx.de Order 3'])
  // Another name is another job.
  const other = await door.json(['bulk', rows, ...FLAGS, '--job', 'two', '--results', join(door.home, 'two.jsonl')], 1)
  expect(other).toMatchObject({ JobId: 'two', Delivered: 2, Suppressed: 1, SentBefore: 0 })
})

test('rows of JSON bring their own data, which goes before that of all', async () => {
  const door = await openBulk()
  await door.run(['template', 'update', 'order', '--subject', '{{#each items}}{{this.title}} {{/each}}{{season}}'])
  const rows = door.file(
    'rows.jsonl',
    '{"to":"ann@gmail.com","n":1,"name":"Ann","items":[{"title":"Pen"},{"title":"Ink"}],"season":"winter"}\n\n{"to":"bob@gmail.com","name":"Bob","items":[]}',
  )
  expect(await door.json(['bulk', rows, ...FLAGS])).toMatchObject({ Rows: 2, Delivered: 2 })
  expect(await subjects(door)).toEqual(['ann@gmail.com Pen Ink winter', 'bob@gmail.com spring'])
})

test.each([
  ['to,n,name\nann@gmail.com,1,A\nbob,2,B\n', 'rows.csv:3: '],
  ['to,n,name\nann@gmail.com,1,A\n,2,B\n', "rows.csv:3: has no recipient in its field 'to'"],
  ['to,n,name\nann@gmail.com,1\n', 'rows.csv:2: has 2 fields, the first line names 3'],
  ['to,n\nann@gmail.com,1\n', "rows.csv:2: Attribute 'name' is not present in the rendering data."],
  ['who,n,name\nann@gmail.com,1,A\n', 'rows.csv:2: has no field with a recipient'],
  ['to,to,name\nann@gmail.com,1,A\n', "rows.csv:1: names the field 'to' twice"],
  ['to,,name\nann@gmail.com,1,A\n', 'rows.csv:1: has a field without a name'],
  ['to,n,name\nann@gmail.com,"1,A\n', 'is not CSV'],
  ['to,n,name\n', 'has no rows'],
  ['', 'has no rows'],
  ['{"to":"ann@gmail.com","n":1,"name":"A"}\n{"to":\n', 'rows.csv:2: is not JSON'],
  ['{"to":"ann@gmail.com","n":1,"name":"A"}\n[]\n', 'rows.csv:2: is not a JSON object'],
  ['{"to":["ann@gmail.com"],"n":1,"name":"A"}\n', "rows.csv:1: has no recipient in its field 'to'"],
])('%j is refused with file, line and reason, and nothing is sent', async (text, message) => {
  const door = await openBulk()
  const refused = await fails(door, 'bulk', door.file('rows.csv', text), ...FLAGS)
  expect(refused).toMatchObject({ code: 65, stdout: '', Code: 'BadRequestException', Message: expect.stringContaining(message) })
  expect(await subjects(door)).toEqual([])
})

test('octets that are no UTF-8 are refused with their line', async () => {
  const door = await openBulk()
  const path = door.file('rows.csv', '')
  writeFileSync(path, Buffer.concat([Buffer.from('to,n,name\na@gmail.com,1,x\nb@gmail.com,2,'), Buffer.from([0xe9, 0x0a])]))
  expect(await fails(door, 'bulk', path, ...FLAGS)).toMatchObject({ code: 65, Message: expect.stringMatching(/rows\.csv:\d: .*UTF-8/) })
})

test.each([
  [['nobody.csv'], 66, 'InputUnreadable'],
  [['rows.csv', '--template', 'gone'], 1, 'NotFoundException'],
  [['rows.csv', '--from', 'x@other.test'], 77, 'MessageRejected'],
  [['rows.csv', '--config-set', 'gone'], 1, 'NotFoundException'],
  [['rows.csv', '--job', 'a b'], 65, 'BadRequestException'],
  [['rows.csv', '--data', '[]'], 65, 'BadRequestException'],
  [['rows.csv', '--results', 'other.txt'], 64, 'UsageError'],
])('bulk %j ends with %i before anything is sent', async ([name = '', ...flags], code, error) => {
  const door = await openBulk()
  door.file('rows.csv', 'to,n,name\nann@gmail.com,1,A\n')
  const other = door.file('other.txt', 'a diary\n')
  const argv = flags.map(flag => (flag === 'other.txt' ? other : flag))
  expect(await fails(door, 'bulk', join(door.home, name), ...FLAGS, ...argv)).toMatchObject({ code, stdout: '', Code: error })
  expect(readFileSync(other, 'utf8')).toBe('a diary\n')
  expect(await subjects(door)).toEqual([])
})

test('a dry run looks at every row, and sends and writes nothing', async () => {
  const door = await openBulk()
  const rows = door.file('rows.csv', 'to,n,name\nann@gmail.com,1,A\nbob@gmail.com,2,B\n')
  const dry = await door.json(['bulk', rows, ...FLAGS, '--dry-run'])
  expect(dry).toEqual({ DryRun: true, JobId: expect.any(String), Rows: 2 })
  expect(() => readFileSync(`${rows}.results.jsonl`)).toThrow('ENOENT')
  expect(await subjects(door)).toEqual([])
})

test('at the end of the quota it stops, says so, and goes on from there', async () => {
  const door = await openBulk()
  await door.run(['account', 'request-production', '--approve', '--max-24h-send', '2'])
  const rows = door.file('rows.csv', `to,n,name\n${[1, 2, 3, 4].map(n => `p${n}@gmail.com,${n},P\n`).join('')}`)
  const stopped = await fails(door, 'bulk', rows, ...FLAGS)
  expect(stopped).toMatchObject({
    code: 75,
    stdout: '',
    Code: 'LimitExceededException',
    Message: 'after 2 of 4 rows: Daily message quota exceeded.',
  })
  await door.run(['clock', 'advance', '25h'])
  expect(await door.json(['bulk', rows, ...FLAGS])).toMatchObject({ Rows: 4, Delivered: 4, SentBefore: 2 })
  expect(await subjects(door)).toEqual([1, 2, 3, 4].map(n => `p${n}@gmail.com Order ${n}`))
})

test('--no-wait accepts; the next run tells what became of it', async () => {
  const door = await openBulk()
  const rows = door.file('rows.csv', 'to,n,name\nann@gmail.com,1,A\nbob@gmail.com,2,B\n')
  expect(await door.json(['bulk', rows, ...FLAGS, '--no-wait'])).toMatchObject({ Queued: 2, Delivered: 0 })
  expect(await subjects(door)).toEqual([])
  await door.run(['queue', 'flush'])
  expect(await door.json(['bulk', rows, ...FLAGS])).toMatchObject({ Queued: 0, Delivered: 2, SentBefore: 2, InDoubt: 0 })
  expect(door.lines('rows.csv.results.jsonl').map(({ Row, Status }) => [Row, Status])).toEqual([
    [1, 'QUEUED'],
    [2, 'QUEUED'],
    [1, 'DELIVERED'],
    [2, 'DELIVERED'],
  ])
})

test('a line that a kill cut short is taken off; its row is found by its key', async () => {
  const door = await openBulk()
  const rows = door.file('rows.csv', 'to,n,name\nann@gmail.com,1,A\nbob@gmail.com,2,B\n')
  await door.json(['bulk', rows, ...FLAGS])
  const whole = readFileSync(`${rows}.results.jsonl`, 'utf8')
  for (const cut of [whole.length - 20, whole.length - 1, whole.indexOf('\n') + 3]) {
    writeFileSync(`${rows}.results.jsonl`, whole.slice(0, cut))
    expect(await door.json(['bulk', rows, ...FLAGS])).toMatchObject({ Delivered: 2, SentBefore: 2, InDoubt: 0 })
    expect(door.lines('rows.csv.results.jsonl').map(({ Row }) => Row)).toEqual([1, 2])
  }
  expect(await subjects(door)).toEqual(['ann@gmail.com Order 1', 'bob@gmail.com Order 2'])
})

test('a row that the account refuses is one result among the others, and is tried again later', async () => {
  const door = await wholeDoor()
  await door.run(['verify', 'domain', 'shop.test'])
  const path = join(door.home, 'rows.csv')
  writeFileSync(
    path,
    'to,product,name,url\nsuccess@simulator.amazonses.com,P,A,u\nstranger@gmail.com,P,B,u\nsuccess+2@simulator.amazonses.com,P,C,u\n',
  )
  const argv = ['bulk', path, '--template', 'welcome', '--from', 'a@shop.test', '--timeout', '1h']
  expect(await door.json(argv, 1)).toMatchObject({ Rows: 3, Delivered: 2, Rejected: 1 })
  await door.run(['account', 'request-production', '--approve'])
  expect(await door.json(argv)).toMatchObject({ Rows: 3, Delivered: 3, Rejected: 0, SentBefore: 2 })
})
