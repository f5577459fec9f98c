/**
 * Programs that know nothing but Amazon SES, unmodified, with one URL changed: each makes an identity, waits until it is verified, sends a
 * message with an attachment, and finds it in the events. The door asks for signatures.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SESv2Client, SendEmailCommand } from '@aws-sdk/client-sesv2'
import { createTransport } from 'nodemailer'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type BuiltProgram, builtProgram } from '../support/built.ts'
import { runClient, type Serving, startServing } from '../support/serving.ts'

let mailctl: BuiltProgram
let url: string
let env: Record<string, string>
let serving: Serving

beforeAll(async () => {
  mailctl = await builtProgram()
  await mailctl.json(['init'])
  await mailctl.json(['account', 'request-production', '--approve'])
  const { AccessKeyId, SecretAccessKey } = await mailctl.json(['keys', 'create'])
  const closed = ['--smtp', '--smtps', '--mx', '--https'].flatMap(flag => [flag, 'off'])
  serving = await startServing(mailctl, [...closed, '--http', '127.0.0.1:0', '--http-auth', 'sigv4'])
  url = serving.doors.Http
  env = {
    PATH: `/usr/bin:${process.env['PATH']}`,
    HOME: mailctl.folder,
    AWS_ACCESS_KEY_ID: AccessKeyId,
    AWS_SECRET_ACCESS_KEY: SecretAccessKey,
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_PAGER: '',
    ENDPOINT: url,
  }
})
afterAll(async () => {
  expect((await serving?.stop())?.code).toBe(0)
  await mailctl?.remove()
})

const run = (command: string, args: readonly string[]): Promise<string> => runClient(command, args, { env, cwd: mailctl.folder })

/** What became of it, as the account tells it. */
async function deliveredAs(messageId: string, subject: string, attachment: string): Promise<void> {
  await mailctl.json(['expect', 'event', messageId, '--type', 'Delivery', '--within', '20s'])
  const { Messages } = await mailctl.json(['inbox', 'list'])
  const found = Messages.find((one: { readonly Subject: string }) => one.Subject === subject)
  expect(found?.Authentication).toMatchObject({ Spf: 'pass' })
  const shown = await mailctl.json(['inbox', 'show', found.Id])
  expect(JSON.stringify(shown)).toContain(attachment)
}

const PYTHON = `
import os, time, json, sys, boto3
from email.message import EmailMessage
version, domain = sys.argv[1], sys.argv[2]
ses = boto3.client(version, endpoint_url=os.environ['ENDPOINT'])
message = EmailMessage()
message['From'] = 'Shop <orders@%s>' % domain
message['To'] = 'ann+tag@gmail.com'
message['Subject'] = 'By %s' % version
message.set_content('Hello, Grüße\\n')
message.add_attachment(b'\\x00\\x01' * 50000, maintype='application', subtype='octet-stream', filename='a+b.bin')
def wait(verified):
    until = time.time() + 60
    while not verified():
        if time.time() > until: raise SystemExit('not verified in time')
        time.sleep(0.2)
if version == 'sesv2':
    ses.create_email_identity(EmailIdentity=domain)
    wait(lambda: ses.get_email_identity(EmailIdentity=domain)['VerifiedForSendingStatus'])
    answer = ses.send_email(Content={'Raw': {'Data': message.as_bytes()}}, EmailTags=[{'Name': 'by', 'Value': 'boto3'}])
    assert ses.list_email_identities()['EmailIdentities'][0]['IdentityName']
    try: ses.get_configuration_set(ConfigurationSetName='none')
    except ses.exceptions.NotFoundException as error: assert error.response['ResponseMetadata']['HTTPStatusCode'] == 404
    else: raise SystemExit('no error')
else:
    ses.verify_domain_dkim(Domain=domain)
    wait(lambda: ses.get_identity_verification_attributes(Identities=[domain])['VerificationAttributes'][domain]['VerificationStatus'] == 'Success')
    answer = ses.send_raw_email(RawMessage={'Data': message.as_bytes()})
    assert ses.get_send_quota()['Max24HourSend'] == 50000.0
    try: ses.get_template(TemplateName='none')
    except ses.exceptions.TemplateDoesNotExistException: pass
    else: raise SystemExit('no error')
print(json.dumps({'MessageId': answer['MessageId']}))
`

test.each([
  ['sesv2', 'python-two.example'],
  ['ses', 'python-one.example'],
])('boto3, %s', async (version, domain) => {
  const { MessageId } = JSON.parse(await run('/usr/bin/python3', ['-c', PYTHON, version, domain]))
  await deliveredAs(MessageId, `By ${version}`, 'a+b.bin')
})

test('the aws command', async () => {
  const sesv2 = async (...args: string[]) =>
    JSON.parse((await run('/usr/bin/aws', ['sesv2', '--endpoint-url', url, '--output', 'json', ...args])) || '{}')
  await sesv2('create-email-identity', '--email-identity', 'aws.example')
  await expect
    .poll(async () => (await sesv2('get-email-identity', '--email-identity', 'aws.example')).VerifiedForSendingStatus, { timeout: 60_000 })
    .toBe(true)
  const raw =
    'From: orders@aws.example\r\nTo: ann@gmail.com\r\nSubject: By aws\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; name=notes.txt\r\nContent-Disposition: attachment; filename=notes.txt\r\n\r\nNotes\r\n'
  const file = join(mailctl.folder, 'send.json')
  await writeFile(file, JSON.stringify({ Content: { Raw: { Data: Buffer.from(raw).toString('base64') } } }))
  const { MessageId } = await sesv2('send-email', '--cli-input-json', `file://${file}`, '--cli-binary-format', 'base64')
  await deliveredAs(MessageId, 'By aws', 'notes.txt')
  expect(JSON.parse(await run('/usr/bin/aws', ['ses', '--endpoint-url', url, '--output', 'json', 'list-identities'])).Identities).toContain(
    'aws.example',
  )
})

test('nodemailer, by its SES transport and the JavaScript SDK', async () => {
  const credentials = { accessKeyId: env['AWS_ACCESS_KEY_ID'] ?? '', secretAccessKey: env['AWS_SECRET_ACCESS_KEY'] ?? '' }
  const sesClient = new SESv2Client({ endpoint: url, region: 'us-east-1', credentials })
  await mailctl.json(['verify', 'domain', 'nodemailer.example', '--key', 'rsa1024'])
  const transport = createTransport({ SES: { sesClient, SendEmailCommand } })
  const { response } = await transport.sendMail({
    from: 'Shop <orders@nodemailer.example>',
    to: 'ann@gmail.com',
    subject: 'By nodemailer',
    text: 'Hello\n',
    attachments: [{ filename: 'n.bin', content: Buffer.alloc(100_000, 1) }],
  })
  transport.close()
  sesClient.destroy()
  await deliveredAs(response, 'By nodemailer', 'n.bin')
})
