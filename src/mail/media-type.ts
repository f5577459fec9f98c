/**
 * What kind of thing a file is: by its name, and by its first octets when the name says nothing. Also the file names that SES refuses.
 */
import { MailctlError } from '../base/errors.ts'
import { printable } from '../base/redact.ts'
import { isWsp, withoutEnd } from './white-space.ts'

/** How many first octets `sniffType` can use. */
export const SNIFF_OCTETS = 64

const SIGNATURES: readonly (readonly [type: string, offset: number, latin1: string])[] = [
  ['application/pdf', 0, '%PDF-'],
  ['image/png', 0, '\x89PNG\r\n\x1a\n'],
  ['image/jpeg', 0, '\xff\xd8\xff'],
  ['image/gif', 0, 'GIF87a'],
  ['image/gif', 0, 'GIF89a'],
  ['image/webp', 8, 'WEBP'],
  ['image/avif', 4, 'ftypavif'],
  ['image/heic', 4, 'ftypheic'],
  ['image/bmp', 0, 'BM'],
  ['image/tiff', 0, 'II*\0'],
  ['image/tiff', 0, 'MM\0*'],
  ['application/zip', 0, 'PK\x03\x04'],
  ['application/gzip', 0, '\x1f\x8b'],
  ['application/x-bzip2', 0, 'BZh'],
  ['application/zstd', 0, '\x28\xb5\x2f\xfd'],
  ['application/x-7z-compressed', 0, "7z\xbc\xaf'\x1c"],
  ['application/vnd.rar', 0, 'Rar!\x1a\x07'],
  ['audio/mpeg', 0, 'ID3'],
  ['audio/ogg', 0, 'OggS'],
  ['audio/flac', 0, 'fLaC'],
  ['audio/wav', 8, 'WAVE'],
  ['video/mp4', 4, 'ftyp'],
  ['video/webm', 0, '\x1a\x45\xdf\xa3'],
  ['application/rtf', 0, '{\\rtf'],
  ['application/postscript', 0, '%!PS'],
  ['application/vnd.sqlite3', 0, 'SQLite format 3\0'],
  ['text/calendar', 0, 'BEGIN:VCALENDAR'],
  ['text/vcard', 0, 'BEGIN:VCARD'],
]

/** The type that the first octets give away; undefined when they say nothing. */
export function sniffType(firstOctets: Uint8Array): string | undefined {
  const text = Buffer.from(firstOctets.subarray(0, SNIFF_OCTETS)).toString('latin1')
  return SIGNATURES.find(([, offset, signature]) => text.startsWith(signature, offset))?.[0]
}

/** SES fact: attachments with these extensions are refused. */
const BLOCKED_EXTENSIONS: ReadonlySet<string> = new Set(
  `ade adp app asp bas bat cer chm cmd com cpl crt csh der exe fxp gadget hlp hta inf ins isp its js jse ksh lib lnk mad maf mag mam maq
  mar mas mat mau mav maw mda mdb mde mdt mdw mdz msc msh msh1 msh2 mshxml msh1xml msh2xml msi msp mst ops pcd pif plg prf prg reg scf
  scr sct shb shs sys ps1 ps1xml ps2 ps2xml psc1 psc2 tmp url vb vbe vbs vps vsmacros vss vst vsw vxd ws wsc wsf wsh xnk`.split(/\s+/),
)

/** A name for a file of our own making. @throws MailctlError bad-data: `Illegal filename 'a.exe'.` */
export function checkFileName(name: string): void {
  if (name === '' || name.length > 255 || /[\u0000-\u001f\u007f/\\]/.test(name)) {
    throw new MailctlError('bad-data', `Illegal filename '${printable(name.slice(0, 100))}'.`, {
      hint: 'A file name is 1 to 255 characters without control characters or folders.',
    })
  }
  checkExtension(name)
}

const DOT = 0x2e

/** Final dots and spaces are ignored, as Windows ignores them. @throws MailctlError bad-data: `Illegal filename 'a.exe'.` */
export function checkExtension(name: string): void {
  const bare = withoutEnd(name, code => code === DOT || isWsp(code))
  const extension = bare.slice(bare.lastIndexOf('.') + 1).toLowerCase()
  if (!bare.includes('.') || !BLOCKED_EXTENSIONS.has(extension)) return
  throw new MailctlError('bad-data', `Illegal filename '${printable(name)}'.`, {
    hint: `Files that end in .${extension} are not accepted as attachments; send an archive or a link instead.`,
  })
}
