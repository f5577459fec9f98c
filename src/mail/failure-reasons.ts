/**
 * Why a delivery failed, read from words: what servers say about a failure, as a table. Used where a report or a reply has no telling
 * code, and to tell apart what one code covers (5.7.1 is a blocked sender as well as a message that looks like spam).
 *
 * Sources: the default texts of Postfix, Sendmail, qmail, Exim, Exchange, Domino and OpenSMTPD, and what Gmail, Yahoo, AOL, Outlook.com
 * and Mimecast print in their help for senders; the detail of each status is that of RFC 3463 and the registry of enhanced codes. Each
 * pattern is tried on a short text and has no nested repetition.
 */
import { withoutRepeatedStatus } from './reply.ts'

export type FailureReason =
  | 'noSuchUser'
  | 'noSuchDomain'
  | 'moved'
  | 'acceptsNoMail'
  | 'mailboxFull'
  | 'systemFull'
  | 'tooLarge'
  | 'disabled'
  | 'virus'
  | 'attachment'
  | 'spam'
  | 'content'
  | 'authentication'
  | 'reverseDns'
  | 'reputation'
  | 'badSender'
  | 'relaying'
  | 'tooManyConnections'
  | 'loop'
  | 'expired'
  | 'noConnection'
  | 'dnsFailure'
  | 'systemError'
  | 'policy'

interface ReasonEntry {
  readonly reason: FailureReason
  /** Subject and detail; the class comes from the reply or the kind of the report. */
  readonly detail: string
  /** Where the words alone say that the failure was a passing one. */
  readonly class?: '4'
  readonly words: RegExp
}

/** First match wins: what names its cause before what only says that something is wrong. */
const REASONS: readonly ReasonEntry[] = [
  {
    reason: 'mailboxFull',
    detail: '2.2',
    words:
      /over ?quota|quota (?:is |has been )?(?:exceed|full)|exceed\w* (?:\w+ ){0,3}(?:quota|storage|mailbox size)|(?:mailbox|inbox|mailfolder|maildir|account)(?: for \S+)? (?:is |was |has )?(?:\w+ )?(?:too )?full\b|full (?:mailbox|inbox)|mailbox (?:size|storage) (?:\w+ ){0,2}exceed|not enough (?:\w+ )?(?:space|storage) (?:in|for)|out of (?:storage|disk) ?space (?:and|in)|mailbox exceeds|user is over|exceeded (?:his|her|their|its|the) (?:\w+ )?(?:disk|storage|mailbox)|disk quota|storage allocation|too much mail|mailbox has (?:reached|exceeded)/i,
  },
  {
    reason: 'tooLarge',
    detail: '3.4',
    words:
      /too (?:large|big|long) (?:for|message)|(?:message|mail|e-?mail|content)(?: \w+){0,3} too (?:large|big)|too (?:large|big)\b|exceed\w* (?:the )?(?:\w+ ){0,4}(?:message size|size limit|length|maximum (?:allowed )?size)|size (?:\w+ ){0,2}exceeds|message length exceeds|size limit|message size (?:\w+ ){0,2}(?:limit|maximum)/i,
  },
  {
    reason: 'attachment',
    detail: '7.1',
    words:
      /attachments?\b.{0,60}(?:not allowed|block|reject|prohibit|forbid|denied|unacceptable)|(?:block|reject|prohibit|forbid|denied|illegal|unacceptable|banned)\w*\b.{0,40}\b(?:attachment|file type|file extension|file ?name)|file (?:type|extension)/i,
  },
  {
    reason: 'virus',
    detail: '7.1',
    words: /virus|malware|infected|trojan|security polic\w+ - \w*signature|blocked for security/i,
  },
  {
    reason: 'authentication',
    detail: '7.26',
    words:
      /\bDMARC\b|\bDKIM\b|\bSPF\b|domainkeys|unauthenticated (?:e?-?mail|senders?)|sender policy framework|authentication[- ](?:check|results?|failed|information)|not authenticated/i,
  },
  {
    reason: 'reverseDns',
    detail: '7.25',
    words:
      /\bPTR\b|reverse (?:DNS|lookup|hostname|record|resolution)|IP name lookup|cannot (?:find|resolve) your (?:host ?name|reverse|address)|\brDNS\b/i,
  },
  {
    reason: 'badSender',
    detail: '1.8',
    words:
      /sender (?:\w+ )?(?:address )?(?:\S+ )?(?:rejected|denied|not allowed|invalid|unknown|unverified|verify failed)|domain of sender|sender(?:'s)? (?:\w+ )?domain|(?:unroutable|invalid|bad|unknown|fake) (?:return path|sender)|sender verify|return address|after MAIL FROM\b.{0,200}\bdoes not exist/i,
  },
  {
    reason: 'reputation',
    detail: '7.1',
    words:
      /black ?list(?!ed (?:url|link))|block ?list|deny ?list|\b(?:dns|[dr])bl\b|spamhaus|spamcop|barracuda|sorbs|\breputation|banned|(?:ip|sending|client|host|network|server|you)(?: address)?(?: \S+){0,3} (?:is |are |has been |was |been )*(?:blocked|listed|banned|rejected)|blocked (?:by|using|due|for)|poor sender|dynamic ip|residential/i,
  },
  {
    reason: 'spam',
    detail: '7.1',
    words:
      /\bspam|\bjunk\b|blacklisted (?:url|link)|uribl|surbl|policy reasons|unsolicited|bulk (?:e-?)?mail|(?:content|message) (?:was |is )?(?:reject|filter)|banned content|looks like|advertis/i,
  },
  {
    reason: 'relaying',
    detail: '7.1',
    words:
      /relay(?:ing)?(?: access| to \S+)? (?:denied|not allowed|not permitted|prohibited|refused)|not (?:permitted|allowed|authorized|able) to relay|(?:unable|cannot|not) (?:to )?relay|relaying|not (?:a |one of )?(?:local|allowed|my) (?:domain|rcpthosts)|rcpthosts|open relay|not local; please/i,
  },
  {
    reason: 'moved',
    detail: '1.6',
    words:
      /(?:has|have) moved|new (?:e-?mail )?address|address (?:has )?changed|changed (?:\w+ )?address|moved to|no longer (?:with|works|employed)|forward(?:ing)? address/i,
  },
  {
    reason: 'noSuchDomain',
    detail: '1.2',
    words:
      /(?<![@\w.-])(?:[\w-]{1,63}\.){1,5}[a-z]{2,} does not exist|(?:host|domain)(?: \S+)? (?:is )?(?:unknown|not found|not reachable|does not exist|doesn't exist|couldn't be found|could not be found|not exist)|(?:unknown|unrouteable|unroutable|invalid|no such|bad|illegal|non-?existent) (?:mail )?(?:host|domain|destination)|unrouteable address|unroutable (?:mail |e-?mail )?address|name service error|host or domain name not found|NXDOMAIN|domain \S+ (?:couldn't|could not) be found|no such (?:host|domain)|address (?:family )?lookup fail|domain is not reachable|(?:host|domain) (?:name )?lookup fail|couldn't find any host (?:named)?|DNS (?:error|lookup).{0,80}(?:not found|no relevant|NXDOMAIN)/i,
  },
  {
    reason: 'acceptsNoMail',
    detail: '1.2',
    words:
      /null ?mx|(?:does not|doesn't|do not) accept (?:any )?(?:e-?)?mail|no (?:mx|mail exchanger) (?:record|found)|(?:host|domain|server) (?:\S+ )?accepts no mail|no mx record/i,
  },
  {
    reason: 'disabled',
    detail: '2.1',
    words:
      /(?:account|mailbox|user|recipient|address|box)(?: \S+){0,4} (?:disabled|suspended|inactive|deactivated|locked|not active|expired|blocked|on hold|discontinued)|(?:disabled|suspended|inactive|deactivated|locked|dormant|expired) (?:\w+ )?(?:account|mailbox|user|recipient)|not accepting (?:mail|messages)|temporarily (?:disabled|suspended)/i,
  },
  {
    reason: 'noSuchUser',
    detail: '1.1',
    words:
      /(?:user|recipient|mailbox|address|account|addressee|username|e-?mail address|alias|person)s?(?: \S+)?(?: was| is| are|:)? ?(?:unknown|not found|does not exist|doesn't exist|do(?:es)? not exist|not exist|no longer exists?|not known|not recogni[sz]ed|couldn't be found|could not be found|cannot be found|wasn't found|invalid|not valid|unavailable|not listed|not available|undeliverable|not a valid|isn't)|(?:unknown|no such|invalid|bad|illegal|non-?existent|undefined|incorrect|unrecogni[sz]ed) (?:local )?(?:user|recipient|mailbox|e-?mail|address|account|person|addressee|alias|local.part|destination mailbox)|(?:doesn't|does not|don't|do not) have an? (?:\S+ )?(?:account|mailbox)|(?:not|no) (?:\w+ )?(?:mailbox|user|account) (?:here|by that name|with that name)|no mailbox|not our customer|not listed in|RecipNotFound|RecipientNotFound|mailbox (?:not|un)|this user doesn't|does not exist|user not|no one by that name|can(?:not|'t) find (?:\w+ )?(?:user|recipient|mailbox)|\bunknown\b.{0,10}\buser|not a known user|unknown_user|<\S+> not found|not a valid (?:mailbox|user|recipient|address)/i,
  },
  {
    reason: 'loop',
    detail: '4.6',
    words:
      /too many (?:hops|received)|mail (?:forwarding )?loop|\blooping|loop(?:s| detected)? (?:back|to)|routing loop|loop detected|hop count|loop alert|duplicated message-id/i,
  },
  {
    reason: 'systemFull',
    detail: '3.1',
    words: /insufficient (?:system |disk )?(?:storage|space|resources)|(?:mail ?system|disk|file ?system) (?:is )?full|no space left/i,
  },
  {
    reason: 'tooManyConnections',
    detail: '7.28',
    words:
      /too (?:many|much) (?:\w+ ){0,3}(?:connections?|sessions?|messages?|mails?|recipients?|errors?|e-?mails?|requests?)|rate ?limit|throttl|(?:exceeded|reached) (?:\w+ ){0,4}(?:limit|rate)|too (?:fast|frequent|quickly)|connection(?:s)? limit|sending (?:rate|limit)/i,
  },
  // Exim gives up like this after nothing but temporary failures
  { reason: 'expired', detail: '4.7', class: '4', words: /retry time(?:out)? (?:not reached|exceeded)/i },
  {
    reason: 'expired',
    detail: '4.7',
    words:
      /queue too long|(?:message|envelope|delivery|time|queue)\.?(?: \w+)? ?expired|expired|(?:after|for) (?:\w+ ){0,3}(?:multiple|several|many|\d+) (?:retries|attempts|tries|days|hours)|failed \d+ attempts|could not be delivered for|giving up|been in the queue|retry limit|delayed for|not been delivered|will be retried|undelivered (?:after|for)/i,
  },
  {
    reason: 'noConnection',
    detail: '4.1',
    words:
      /connection (?:timed? ?out|refused|reset|lost|closed|dropped|failed|to \S+ failed)|(?:operation|connect|session|conversation|read|response|command)\b.{0,40}timed? ?out|time[- ]?out|(?:un|not )able to (?:connect|contact|establish)|(?:couldn't|could not|cannot|can't|did not accept our requests? to) (?:connect|contact|establish|reach)|no route to host|network (?:is )?(?:unreachable|error)|not respond|(?:host|server|destination)(?: \w+){0,2} (?:unreachable|down|unavailable|not responding|not available)|lost connection|wasn't able to establish|remote host (?:closed|down)|no answer|error connecting|socket error|unreachable/i,
  },
  {
    reason: 'dnsFailure',
    detail: '4.3',
    words: /\bDNS\b|name server|nameserver|resolv|directory server|lookup (?:failure|failed|error)|LDAP|misconfigur/i,
  },
  {
    reason: 'systemError',
    detail: '3.0',
    words:
      /(?:local|system|internal|server|configuration|unexpected|i\/o|disk)\s(?:\w+ ){0,2}(?:error|problem|failure)|(?:local )?delivery failed|(?:service|server) (?:is )?(?:currently |temporarily )?(?:unavailable|busy)|can't (?:create|open|write)|cannot (?:create|open|write)|pipe (?:to|command)|command (?:died|failed|output)|try (?:again )?later|temporar\w+ (?:failure|problem|error|deferred|unavailable)|resources temporarily/i,
  },
  {
    reason: 'content',
    detail: '6.0',
    words:
      /(?:bare (?:LF|CR|newline)|bad (?:header|content)|malformed|missing (?:\w+ )?header|line too long|not (?:rfc|compliant)|RFC ?\d{3,4}|8-?bit|conversion)/i,
  },
  {
    reason: 'policy',
    detail: '7.1',
    words: /polic(?:y|ies)|access denied|denied|not (?:permitted|allowed|authorized|accepted)|refused|rejected|prohibited|forbidden|block/i,
  },
]

/** Longer texts are cut: a reason stands at the start. */
const MAX_TEXT = 2_000

export interface Failure {
  readonly reason: FailureReason
  readonly detail: string
  readonly class?: '4'
}

/** The first reason of the table whose words are in the text. */
export function failureIn(text: string): Failure | undefined {
  const words = withoutAddresses(text)
  const entry = REASONS.find(each => each.words.test(words))
  return entry
}

/** Whether the text has words for this reason, whatever else it has. */
export function says(reason: FailureReason, text: string): boolean {
  const words = withoutAddresses(text)
  return REASONS.some(each => each.reason === reason && each.words.test(words))
}

/** The words of an address are its owner's; a status that begins each line of a reply stands between the words. */
const withoutAddresses = (text: string): string =>
  withoutRepeatedStatus(text.slice(0, MAX_TEXT)).replace(/[^\s<>]{1,64}@[\w.-]{1,255}/g, '@')
