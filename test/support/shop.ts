/** A home of the built program that may send: in the lab, with the domain shop.example verified, out of the sandbox. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type BuiltProgram, builtProgram } from './built.ts'

export interface Shop extends BuiltProgram {
  /** Arguments of a `send` to `ann@gmail.com`. */
  message(subject: string, ...more: readonly string[]): string[]
  /** Fails unless nothing waits, nothing was ever accepted and the spool is empty. */
  nothingStored(): Promise<void>
  spooled(): Promise<string[]>
}

/** Removed when the test ends. */
export async function openShop(): Promise<Shop> {
  const program = await builtProgram()
  onTestFinished(() => program.remove())
  await program.json(['init'])
  await program.json(['verify', 'domain', 'shop.example', '--key', 'rsa1024'])
  await program.json(['account', 'request-production', '--approve'])
  const spooled = (): Promise<string[]> => readdir(join(program.home, 'spool'))
  return {
    ...program,
    message: (subject, ...more) => ['send', '--from', 'orders@shop.example', '--to', 'ann@gmail.com', '--subject', subject, ...more],
    spooled,
    async nothingStored() {
      const stats = await program.json(['queue', 'stats'])
      const { Events } = await program.json(['events', 'list'])
      const left = { stats, events: Events.length, spool: await spooled() }
      const none = { stats: { Queued: 0, Active: 0, Deferred: 0, Held: 0, Destinations: [] }, events: 0, spool: [] }
      if (JSON.stringify(left) !== JSON.stringify(none)) throw new Error(`something was stored: ${JSON.stringify(left)}`)
    },
  }
}
