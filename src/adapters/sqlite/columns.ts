/** Reads columns of a row with their kind: what the schema promises is checked here once, so nothing behind it has to be believed. */
import type { SqlRow, SqlValue } from '../../base/database.ts'

export function text(row: SqlRow, column: string): string {
  const value = row[column]
  if (typeof value !== 'string') throw new TypeError(`column ${column} holds no text`)
  return value
}

export function number(row: SqlRow, column: string): number {
  const value = row[column]
  if (typeof value !== 'number') throw new TypeError(`column ${column} holds no number`)
  return value
}

/** A column that may be null, read with the reader for its kind. */
export function optional<T extends SqlValue>(row: SqlRow, column: string, read: (row: SqlRow, column: string) => T): T | null {
  return row[column] === null || row[column] === undefined ? null : read(row, column)
}

export function blob(row: SqlRow, column: string): Buffer {
  const value = row[column]
  if (!Buffer.isBuffer(value)) throw new TypeError(`column ${column} holds no octets`)
  return value
}
