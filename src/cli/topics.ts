/** The pages of `mailctl help <topic>`. */
import { EXIT_MEANINGS } from './exit-codes.ts'

export const TOPICS: Readonly<Record<string, () => string>> = {
  environment: () => `Where settings come from

A setting is taken from the first of these that has it: a flag, an environment
variable, config.json in the home, a default. 'mailctl config list --origin'
shows which one won.

  MAILCTL_HOME                 folder of the account, as --home
  MAILCTL_PROFILE              profile, as --profile (default: default)
  MAILCTL_NETWORK              lab, relay or live (default: lab)
  MAILCTL_RELAY                relay URLs, separated by commas
  MAILCTL_RELAY_PASSWORD       the relay's password
  MAILCTL_RELAY_PASSWORD_FILE  a file that holds it
  MAILCTL_MASTER_KEY_FILE      the key of stored secrets (default: keys/master.key)
  MAILCTL_HOSTNAME             this machine's name in SMTP and DNS
                               (default: mta.mailctl.test in the lab, else the machine's)
  MAILCTL_RESOLVER             DNS server, as --resolver
  MAILCTL_REGION               region named in ids and texts (default: us-east-1)
  MAILCTL_RETRY                waits between tries (default: 1m,5m,15m,30m,1h,2h)
  MAILCTL_POOLS                sending pools: NAME=ADDRESS, separated by commas
  MAILCTL_SHAPING              what sites may bear: SITE=LIMIT:NUMBER, separated by commas
  MAILCTL_PUBLIC_URL           where links in mail lead to: this account's HTTP door as recipients reach it
                               (default: http://127.0.0.1:8025 in the lab, else https://HOSTNAME)
  MAILCTL_WEBHOOKS             hosts, addresses and ranges that events may be sent to, separated by commas
  MAILCTL_STORE                sqlite
  NO_COLOR                     any value: no colours
  CI                           true: no questions, no colours, no spinner
  XDG_DATA_HOME                homes are in mailctl/PROFILE below it
                               (default: ~/.local/share; on Windows %LOCALAPPDATA%)

Without --home and MAILCTL_HOME the home is $XDG_DATA_HOME/mailctl/PROFILE.
`,
  'exit-codes': () => `Exit codes

${Object.entries(EXIT_MEANINGS)
  .map(([code, meaning]) => `  ${code.padStart(3)}  ${meaning}`)
  .join('\n')}

A command that could answer prints its answer on stdout: with 0, and with 1 or 75
when the answer is no or not yet. An error leaves stdout empty; stderr says in one
line what happened and in the next what to do about it.
`,
  json: () => `The rules of --json

stdout holds exactly one JSON value; commands that stream print one value a line.
Where Amazon SES v2 has an operation for the same thing, the value is that
operation's response: same members, same types, times as ISO 8601 text. What SES
has no word for is an additional member in the same CamelCase.

An error leaves stdout empty and puts exactly one object on stderr:

  {"Error":{"Code":"MessageRejected","Message":"…","Hint":"…"}}

Code is the SES error name where one exists. Hint may be absent.
'mailctl commands --json' describes every command.
`,
  lab: () => `The lab: an internet in a box

A new account's network is 'lab': nothing leaves the machine. Names are answered
by the lab's own DNS server, and mail goes over real SMTP and TLS to receivers on
loopback, which check SPF, DKIM and DMARC and keep what they took.

  mailctl init                                  an account
  mailctl verify domain example.com             its records are published in the lab
  mailctl account request-production --approve  leave the sandbox
  mailctl send --from a@example.com --to b@any.example --subject Hi --text Hello
  mailctl inbox list                            what arrived

Any domain receives. gmail.com, outlook.com, yahoo.com, gmx.de and their like have
receivers named as theirs. These names behave as they say:

  greylist.test mailboxfull.test nouser.test slow.test notls.test badtls.test
  oldtls.test down.test nullmx.test drop-after-data.test spamtrap.test busy.test
  second-mx.test ipv6.test

A name under .invalid does not exist. 'mailctl config set network relay' or
'live' goes outside with the same account.
`,
  dns: () => `The records a domain needs

  mailctl dns plan example.com       what to publish, as table, zone file, Route 53,
                                     Terraform or octoDNS
  mailctl dns publish example.com    write it: to the lab, or to a name server by
                                     RFC 2136 with TSIG
  mailctl verify domain example.com  ask the domain's own servers for each record

DKIM  three names <token>._domainkey, each a TXT record with a public key or a
      CNAME to one. All three must be found; one key signs, two wait for rotation.
SPF   a TXT record that lets our host send for the MAIL FROM domain.
DMARC a TXT record at _dmarc that tells receivers what to do when both fail.
MX    of a custom MAIL FROM domain, where bounces go.

Only DKIM decides whether a domain is verified; SPF and DMARC are advice, and a
custom MAIL FROM domain has its own state.
`,
  sandbox: () => `What a new account may send

A new account is in the sandbox: at most 200 recipients in 24 hours, one a second,
from verified identities to verified identities and to the mailbox simulator
(success@simulator.amazonses.com and its like), whose mail takes nothing from the
24 hours.

  mailctl verify domain example.com             verify a sender
  mailctl verify email ann@example.net          verify one address
  mailctl account request-production --approve  leave the sandbox: 50,000 in 24 hours,
                                                14 a second, or as --max-24h-send and
                                                --max-send-rate say
  mailctl quota                                 what is left

A refusal by these rules is exit 77; a used-up quota or rate is exit 75.
`,
  formatting: () => `What is printed, and for whom

stdout holds the result, stderr everything else: warnings, hints, progress, questions.

On a terminal tables are as wide as it is, and status, stats, queue stats and
reputation draw pictures. Elsewhere the same is printed as plain columns, nothing cut,
and without colour; --json is for programs (mailctl help json).

  --color always, never   colours in any case, in no case (default: on terminals)
  NO_COLOR, TERM=dumb     no colours; a dumb terminal gets ASCII and no cursor movement
  LANG, LC_ALL            without UTF-8 in them pictures are ASCII
  -q                      no warnings, hints and progress
  --watch                 status, stats, queue stats, reputation: again and again

Flags take text from a file as @file, from stdin as @-; @@ begins a text with @.
Durations are written 90s, 15m, 2h, 14d; sizes 10MB, where MB is 1,048,576 bytes.
`,
  clock: () => `The account's clock

  mailctl init                                  the machine's time
  mailctl init --clock virtual --start 2026-01-01T00:00:00Z --seed 7

A virtual clock, in the lab only, stands still until a command moves it:

  mailctl clock show
  mailctl clock advance 14h    runs all that falls due on the way, in order: retries,
                               quota windows, suppressions that end, verifications

What waits (send, simulate, expect --within, verify --wait) moves it itself, to the
next moment at which something happens, by --timeout at most. With the same seed the
same commands give the same ids, times, order and outcomes; keys and signatures differ.
`,
  network: () => `Where mail goes

  lab     names and receivers of the lab; nothing leaves the machine (default)
  relay   through your own mail servers, in the order given
  live    straight to the mail servers of the recipients' domains, port 25

  mailctl config set network relay
  mailctl config set relay smtp://user@mail.example.com:587 --password-file FILE
  mailctl config set network live

MAILCTL_NETWORK chooses for one command. Addresses of the mailbox simulator go to the
simulator in every network. What was proved in the lab counts in lab and relay; live
asks the real DNS, and lists what must be verified again.
`,
}
