/**
 * Programs that know nothing but SMTP, unmodified, set up by the recipes of docs/smtp.md: each hands in a message with an attachment over
 * STARTTLS and over TLS from the start, where only who logs in may. It must be delivered whole, and be found in the events.
 */
import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import nodemailer from 'nodemailer'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type BuiltProgram, builtProgram } from '../support/built.ts'
import { startPostfix } from '../support/postfix.ts'
import { runClient, type Serving, startServing } from '../support/serving.ts'

const PAGE = readFileSync('docs/smtp.md', 'utf8')
/** Where scripts/install-servers.sh unpacks it. */
const EXIM = '/opt/mailctl-exim/usr/sbin/exim4'
const ATTACHMENT = randomBytes(50_000)

let mailctl: BuiltProgram
let serving: Serving
let login: { readonly UserName: string; readonly Password: string }
let certificate: string

beforeAll(async () => {
  mailctl = await builtProgram()
  await mailctl.json(['init'])
  await mailctl.json(['account', 'request-production', '--approve'])
  await mailctl.json(['verify', 'domain', 'shop.example', '--key', 'rsa1024'])
  login = await mailctl.json(['smtp', 'credentials', 'create'])
  certificate = join(mailctl.home, 'keys/tls/certificate.pem')
  await writeFile(join(mailctl.folder, 'a.bin'), ATTACHMENT)
  await writeFile(join(mailctl.folder, 'smtp-password'), login.Password, { mode: 0o600 })
  const closed = ['--http', '--https', '--mx'].flatMap(flag => [flag, 'off'])
  serving = await startServing(mailctl, [...closed, '--smtp', '127.0.0.1:0', '--smtps', '127.0.0.1:0'])
})
afterAll(async () => {
  expect((await serving?.stop())?.code).toBe(0)
  await mailctl?.remove()
})

type Tls = 'STARTTLS' | 'TLS from the start'
const portOf = (tls: Tls): string => (tls === 'STARTTLS' ? serving.doors.Smtp : serving.doors.Smtps).split(':')[1] ?? ''

/** The block below this heading, with what it leaves to its reader filled in: as it stands, or as literals of a program. */
function recipe(heading: string, tls: Tls, written: (value: string) => string = String): string {
  const [, text = ''] = PAGE.split(new RegExp(`^### ${heading}.*$`, 'm'))
  const block = /^```\w+\n(.*?)^```$/ms.exec(text)?.[1]
  if (block === undefined) throw new Error(`docs/smtp.md has no recipe for ${heading}`)
  return block
    .replaceAll('2587', portOf(tls))
    .replaceAll(/\bCERT\b/g, written(certificate))
    .replaceAll(/\bUSER\b/g, written(login.UserName))
    .replaceAll(/\bPASSWORD\b/g, written(login.Password))
}

/** In `text`; what is not there to be replaced is an error of the test. */
function changed(text: string, from: string, to: string): string {
  expect(text).toContain(from)
  return text.replaceAll(from, to)
}

const run = (command: string, args: readonly string[], stdin = ''): Promise<string> =>
  runClient(command, args, {
    env: { PATH: '/usr/sbin:/usr/bin:/bin', SMTP_USER: login.UserName, SMTP_PASSWORD: login.Password, SSL_CERT_FILE: certificate },
    cwd: mailctl.folder,
    stdin,
  })

/** By a program that only carries what it is given. */
const messageTo = (to: string): string =>
  [
    `From: Shop <orders@shop.example>\r\nTo: ${to}\r\nSubject: By ${to}\r\nMIME-Version: 1.0`,
    'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHello\r\n.\r\n--b',
    'Content-Type: application/octet-stream; name=a.bin\r\nContent-Disposition: attachment; filename=a.bin',
    `Content-Transfer-Encoding: base64\r\n\r\n${ATTACHMENT.toString('base64').replaceAll(/.{76}/g, '$&\r\n')}\r\n--b--\r\n`,
  ].join('\r\n')

/** As the account tells it, and the receiver. */
async function delivered(to: string): Promise<void> {
  await mailctl.json(['expect', 'event', '--type', 'Delivery', '--to', to, '--count', '1', '--within', '20s'])
  const { Messages } = await mailctl.json(['inbox', 'list'])
  const { Id } = Messages.find(({ EnvelopeTo }: { readonly EnvelopeTo: string[] }) => EnvelopeTo.includes(to))
  const shown = await mailctl.json(['inbox', 'show', Id])
  expect(shown.Subject).toBe(`By ${to}`)
  expect(shown.Authentication).toMatchObject({ Dkim: [{ Domain: 'shop.example', Result: 'pass' }] })
  expect(shown.Attachments).toMatchObject([{ Name: 'a.bin', Sha256: createHash('sha256').update(ATTACHMENT).digest('hex') }])
}

describe.each(['STARTTLS', 'TLS from the start'] as const)('%s', tls => {
  const isStartTls = tls === 'STARTTLS'
  const recipient = (client: string): string => `${client}.${isStartTls ? 'starttls' : 'tls'}@example.net`

  test('swaks', async () => {
    const to = recipient('swaks')
    let command = changed(recipe('swaks', tls), 'ann@gmail.com', to).replaceAll('\\\n', ' ').trim()
    if (!isStartTls) command = changed(command, ' --tls ', ' --tls-on-connect ')
    const [program = '', ...args] = command.split(/\s+/)
    const printed = await run(program, [...args, '--h-Subject', `By ${to}`, '--attach-name', 'a.bin', '--attach', '@a.bin'])
    expect(printed).toMatch(/^<~ +250 Ok 01000/m)
    await delivered(to)
  })

  test('msmtp', async () => {
    const to = recipient('msmtp')
    const file = join(mailctl.folder, 'msmtprc')
    await writeFile(file, `${recipe('msmtp', tls)}${isStartTls ? '' : 'tls_starttls off\n'}`, { mode: 0o600 })
    await run('msmtp', ['-C', file, '-a', 'mailctl', to], messageTo(to))
    await delivered(to)
  })

  test('smtplib of Python', async () => {
    const to = recipient('smtplib')
    const message = [
      'import smtplib, ssl',
      'from email.message import EmailMessage',
      'message = EmailMessage()',
      `message["From"], message["To"], message["Subject"] = "Shop <orders@shop.example>", "${to}", "By ${to}"`,
      'message.set_content("Hello, Grüße\\n.\\n")',
      'message.add_attachment(open("a.bin", "rb").read(), maintype="application", subtype="octet-stream", filename="a.bin")',
    ].join('\n')
    let text = recipe('Python', tls, JSON.stringify)
    if (!isStartTls) {
      const context = `ssl.create_default_context(cafile=${JSON.stringify(certificate)})`
      text = changed(text, `    smtp.starttls(context=${context})\n`, '')
      text = changed(text, `smtplib.SMTP("127.0.0.1", ${portOf(tls)})`, `smtplib.SMTP_SSL("127.0.0.1", ${portOf(tls)}, context=${context})`)
    }
    await run('/usr/bin/python3', ['-c', `${message}\n${text}`])
    await delivered(to)
  })

  test('Django', async () => {
    const to = recipient('django')
    const settings = isStartTls ? recipe('Django', tls) : changed(recipe('Django', tls), 'EMAIL_USE_TLS', 'EMAIL_USE_SSL')
    await writeFile(join(mailctl.folder, 'shop_settings.py'), `import os\n${settings}`)
    const script = [
      'from django.core.mail import EmailMessage',
      `message = EmailMessage("By ${to}", "Hello, Grüße", "Shop <orders@shop.example>", ["${to}"])`,
      'message.attach_file("a.bin", "application/octet-stream")',
      'assert message.send() == 1',
    ].join('\n')
    await run('/usr/bin/env', ['PYTHONPATH=.', 'DJANGO_SETTINGS_MODULE=shop_settings', '/usr/bin/python3', '-c', script])
    await delivered(to)
  })

  test('PHPMailer', async () => {
    const to = recipient('phpmailer')
    const text = isStartTls ? recipe('PHPMailer', tls) : changed(recipe('PHPMailer', tls), "'tls'", "'ssl'")
    const script = `require '/usr/share/php/libphp-phpmailer/autoload.php';
      ${text}
      $mail->setFrom('orders@shop.example', 'Shop');
      $mail->addAddress('${to}');
      $mail->Subject = 'By ${to}';
      $mail->Body = 'Hello';
      $mail->addAttachment('a.bin');
      $mail->send();`
    await run('/usr/bin/php', ['-r', script])
    await delivered(to)
  })

  test('nodemailer', async () => {
    const to = recipient('nodemailer')
    const [connect = ''] = recipe('nodemailer', tls, JSON.stringify).split('await transport')
    const code = isStartTls ? connect : changed(connect, 'requireTLS', 'secure')
    const transport = new Function('nodemailer', 'readFileSync', `${code}; return transport`)(nodemailer, readFileSync)
    const attachments = [{ filename: 'a.bin', content: ATTACHMENT }]
    const { response } = await transport.sendMail({ from: 'orders@shop.example', to, subject: `By ${to}`, text: 'Hello', attachments })
    transport.close()
    expect(response).toMatch(/^250 Ok 01000/)
    await delivered(to)
  })

  test('Exim, with the account as its smarthost', async () => {
    const to = recipient('exim')
    const folder = join(mailctl.folder, `exim-${isStartTls ? 'starttls' : 'tls'}`)
    await mkdir(join(folder, 'log'), { recursive: true })
    // It gives up root, and then has to read the certificate.
    await copyFile(certificate, join(folder, 'certificate.pem'))
    const text = recipe('Exim', tls).replaceAll(certificate, join(folder, 'certificate.pem'))
    const head = [
      `exim_path = ${EXIM}`,
      'exim_user = nobody',
      'exim_group = nogroup',
      'never_users =',
      'keep_environment =',
      'primary_hostname = relay.example.test',
      `spool_directory = ${folder}`,
      `log_file_path = ${folder}/log/%s`,
      'domainlist local_domains =',
      '',
    ]
    const file = join(folder, 'exim.conf')
    await writeFile(
      file,
      head.join('\n') + (isStartTls ? text : changed(text, '  driver = smtp\n', '  driver = smtp\n  protocol = smtps\n')),
    )
    for (const place of [mailctl.folder, folder]) await chmod(place, 0o755)
    await run('/bin/chown', ['-R', 'nobody:nogroup', folder])
    await run('/bin/chown', ['root:root', file])
    await run(EXIM, ['-C', file, '-odf', '-oi', '-f', 'orders@shop.example', to], messageTo(to))
    await delivered(to)
  })

  test('Postfix, with the account as its smarthost', async () => {
    const to = recipient('postfix')
    const [main = '', passwords = ''] = recipe('Postfix', tls).split(/^# sasl_passwd.*$/m)
    const file = join(mailctl.folder, 'sasl_passwd')
    await writeFile(file, passwords, { mode: 0o600 })
    const postfix = await startPostfix({
      hostName: 'relay.example.test',
      domain: 'example.test',
      main: [
        ...changed(main, '/etc/postfix/sasl_passwd', file).trim().split('\n'),
        ...(isStartTls ? [] : ['smtp_tls_wrappermode = yes']),
        'smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination',
      ],
    })
    onTestFinished(() => postfix.stop())
    const client = nodemailer.createTransport({ host: postfix.address, port: postfix.port, ignoreTLS: true })
    const raw = { raw: messageTo(to), envelope: { from: 'orders@shop.example', to } }
    await client.sendMail(raw)
    client.close()
    await delivered(to)
    expect(await postfix.log()).toMatch(new RegExp(`to=<${to}>, relay=localhost\\[127\\.0\\.0\\.1\\]:\\d+, .*status=sent \\(250 Ok 01000`))
  })
})

test('a stranger is not let in', async () => {
  const args = ['--server', '127.0.0.1', '--port', portOf('STARTTLS'), '--tls', '--from', 'orders@shop.example', '--to', 'ann@example.net']
  await expect(run('swaks', args)).rejects.toThrow(/530 Authentication required/)
  await expect(run('swaks', [...args, '--auth', 'PLAIN', '--auth-user', login.UserName, '--auth-password', 'wrong'])).rejects.toThrow(
    /535 Authentication Credentials Invalid/,
  )
})
