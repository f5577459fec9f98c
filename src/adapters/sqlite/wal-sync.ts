/**
 * Syncs the write-ahead log of a database by itself, on a thread of the pool, so that the program goes on while the disk works. SQLite
 * appends a transaction to `FILE-wal` and would sync that file before its COMMIT returns; here the commit returns first, and whoever
 * needs it durable waits for this. The log stays the same file as long as a connection is open.
 */
import { closeSync, fdatasync, openSync } from 'node:fs'

export interface WalSync {
  /** @throws the system's error */
  sync(): Promise<void>
  close(): void
}

export function walSync(file: string): WalSync {
  let descriptor: number | undefined
  return {
    sync: () =>
      new Promise((resolve, reject) => {
        // Writable, for that is what some systems ask of one who syncs.
        descriptor ??= openSync(`${file}-wal`, 'r+')
        fdatasync(descriptor, error => (error ? reject(error) : resolve()))
      }),
    close() {
      if (descriptor !== undefined) closeSync(descriptor)
      descriptor = undefined
    },
  }
}
