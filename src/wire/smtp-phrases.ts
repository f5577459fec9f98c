/**
 * What an SMTP listener says in its own name, apart from the answers of the session behind it: one table, so that a door which imitates
 * another server says it in that server's words. RFC 5321 §4.2.2, enhanced status codes RFC 2034.
 */
import type { Reply } from '../mail/reply.ts'
import { smtpReply } from './smtp-session.ts'

export const STANDARD = {
  bye: smtpReply(221, '2.0.0', 'Bye'),
  ok: smtpReply(250, '2.0.0', 'Ok'),
  cannotVerify: smtpReply(252, '2.1.5', 'Send mail and see'),
  help: smtpReply(214, '2.0.0', 'EHLO HELO MAIL RCPT DATA RSET NOOP VRFY QUIT, see RFC 5321'),
  startTls: smtpReply(220, '2.0.0', 'Ready to start TLS'),
  goAhead: { code: 354, lines: ['End data with <CR><LF>.<CR><LF>'] },

  shuttingDown: smtpReply(421, '4.3.2', 'Shutting down'),
  tooManyConnections: smtpReply(421, '4.7.0', 'Too many concurrent SMTP connections'),
  timeOut: smtpReply(421, '4.4.2', 'Timeout waiting for data from client'),
  tooManyErrors: smtpReply(421, '4.7.0', 'Too many errors'),
  endlessLine: smtpReply(421, '4.7.0', 'Line too long'),
  localError: smtpReply(451, '4.3.0', 'Local error, try again later'),
  tooManyRecipients: smtpReply(452, '4.5.3', 'Too many recipients'),

  lineTooLong: smtpReply(500, '5.5.2', 'Line too long'),
  bareLineEnd: smtpReply(500, '5.5.2', 'Commands must end in CRLF'),
  controlCharacters: smtpReply(500, '5.5.2', 'Control characters in the command'),
  unknownCommand: smtpReply(500, '5.5.1', 'Command not recognised'),
  noArgument: smtpReply(501, '5.5.4', 'This command takes no argument'),
  helloSyntax: smtpReply(501, '5.5.4', 'Say EHLO or HELO and the name of your host'),
  mailSyntax: smtpReply(501, '5.5.4', 'Syntax: MAIL FROM:<address>'),
  rcptSyntax: smtpReply(501, '5.5.4', 'Syntax: RCPT TO:<address>'),
  parameterSyntax: smtpReply(501, '5.5.4', 'Malformed parameters'),
  sizeSyntax: smtpReply(501, '5.5.4', 'Malformed SIZE'),
  bodySyntax: smtpReply(501, '5.5.4', 'BODY is 7BIT or 8BITMIME'),
  unknownMechanism: smtpReply(504, '5.5.4', 'Mechanism not offered'),
  authSyntax: smtpReply(501, '5.5.2', 'Malformed login'),
  authCancelled: smtpReply(501, '5.7.0', 'Authentication cancelled'),
  chunkSyntax: smtpReply(501, '5.5.4', 'Syntax: BDAT octets [LAST]'),
  noAuth: smtpReply(502, '5.5.1', 'AUTH is not offered here'),
  noTls: smtpReply(502, '5.5.1', 'TLS is not offered here'),
  tlsInUse: smtpReply(503, '5.5.1', 'TLS is already in use'),
  alreadyIn: smtpReply(503, '5.5.1', 'You have logged in already'),
  midTransaction: smtpReply(503, '5.5.1', 'Not while a message is being given'),
  needHello: smtpReply(503, '5.5.1', 'Say EHLO first'),
  needMail: smtpReply(503, '5.5.1', 'Give a sender with MAIL first'),
  nestedMail: smtpReply(503, '5.5.1', 'A sender was given already'),
  needTls: smtpReply(530, '5.7.0', 'Must issue a STARTTLS command first'),
  bareMessageLineEnd: smtpReply(550, '5.6.11', 'Bare CR or LF in the message: lines must end in CRLF'),
  tooLarge: smtpReply(552, '5.3.4', 'Message is larger than this server takes'),
  nullRecipient: smtpReply(553, '5.1.3', 'The null path cannot receive'),
  eightBitAddress: smtpReply(553, '5.6.7', 'Addresses must be ASCII here'),
  badSender: smtpReply(553, '5.1.7', 'Malformed address'),
  badRecipient: smtpReply(553, '5.1.3', 'Malformed address'),
  earlyTalker: smtpReply(554, '5.5.1', 'Protocol error: you spoke before the greeting'),
  noRecipients: smtpReply(554, '5.5.1', 'No valid recipients'),
  notTheWeb: smtpReply(554, '5.5.1', 'This is not a web server'),
  unknownParameter: smtpReply(555, '5.5.4', 'Parameter not recognised or not offered'),
} as const satisfies Readonly<Record<string, Reply>>

export type PhraseName = keyof typeof STANDARD
/** ENHANCEDSTATUSCODES is offered when `ok` has a status: then every other one must have its own. RFC 2034 §4. */
export type Phrases = Readonly<Record<PhraseName, Reply>>
