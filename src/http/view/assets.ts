/** The files of the page itself: this list and nothing else can be asked for. They are read once. */
import { readFile } from 'node:fs/promises'

/** The build puts them beside its chunks, under the same name. */
const FOLDER = new URL('./page/', import.meta.url)

const TYPES = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  mjs: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
}
const FILES = [
  'index.html',
  'view.css',
  'icon.svg',
  'view.mjs',
  'ask.mjs',
  'element.mjs',
  'words.mjs',
  'keys.mjs',
  'account.mjs',
  'list.mjs',
  'mail.mjs',
  'timeline.mjs',
  'events.mjs',
] as const

export type AssetName = (typeof FILES)[number]

export interface Asset {
  readonly type: string
  readonly octets: Buffer
}

const read = new Map<AssetName, Promise<Asset>>()

/** @returns undefined: there is no such file */
export function asset(name: string): Promise<Asset> | undefined {
  const file = FILES.find(known => known === name)
  if (file === undefined) return undefined
  const known = read.get(file)
  if (known) return known
  const reading = readFile(new URL(file, FOLDER)).then(octets => ({ type: TYPES[file.split('.')[1] as keyof typeof TYPES], octets }))
  read.set(file, reading)
  return reading
}
