/** A stream that an interruption ends: whoever reads it then gets an AbortError; with no reader yet, nothing else notices. */
import { addAbortSignal, type Readable } from 'node:stream'

export const interruptible = <T extends Readable>(stream: T, signal: AbortSignal): T => addAbortSignal(signal, stream).on('error', () => {})
