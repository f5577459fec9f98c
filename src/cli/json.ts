/** Results as JSON text. Control and direction characters are written as escapes, so that no remote text can drive a terminal. */

const asEscape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

/** @param indent 0: one line; 2: for one value that people may read  @returns text with its line end */
export function toJson(value: unknown, indent: 0 | 2): string {
  return `${(JSON.stringify(value, null, indent) ?? 'null').replace(/[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, asEscape)}\n`
}
