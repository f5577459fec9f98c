/** Debug lines by category (`--debug smtp,dns`), written to wherever the door says; silent by default. */

export const DEBUG_CATEGORIES = ['smtp', 'dns', 'http', 'store', 'account'] as const
export type DebugCategory = (typeof DEBUG_CATEGORIES)[number]

/** Callers redact secrets before they call. */
export type Log = (category: DebugCategory, text: string) => void

export const silent: Log = () => {}
