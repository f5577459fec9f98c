/**
 * What is known of messages that this process has held since they were accepted: their number, and how many recipients are not final.
 * It saves asking the rows again when they are settled a moment later; whoever is not found here is asked for. Never relied on across
 * another process's write: `forget` then.
 */
export interface InHand {
  /** @param recipients all of the message that are not final, all held by this process */
  took(messageId: string, seq: number, recipients: number): void
  sequenceOf(messageId: string): number | undefined
  /** Some recipients were settled, all of them for good or not. @returns whether all of the message are final now; undefined: ask the rows */
  settled(messageId: string, recipients: number, final: boolean): boolean | undefined
  forget(): void
}

/** More than the engine holds at a time; those beyond are asked for. */
const MOST = 10_000

export function openInHand(): InHand {
  const messages = new Map<string, { readonly seq: number; open: number }>()
  return {
    took(messageId, seq, recipients) {
      if (messages.size < MOST) messages.set(messageId, { seq, open: recipients })
    },
    sequenceOf: messageId => messages.get(messageId)?.seq,
    settled(messageId, recipients, final) {
      const message = messages.get(messageId)
      if (message === undefined) return undefined
      message.open -= recipients
      if (final && message.open > 0) return false
      // Either the last one, or one that waits now: others may take it, so from here on only the rows know.
      messages.delete(messageId)
      return final ? true : undefined
    },
    forget: () => messages.clear(),
  }
}
