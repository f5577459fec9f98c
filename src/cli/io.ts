/** The three streams and what may be drawn on them. Nothing else in the terminal door writes to a stream. */

export interface Io {
  readonly stdout: { readonly isTty: boolean; readonly columns: number; write(text: string | Uint8Array): void }
  readonly stderr: { readonly isTty: boolean; write(text: string): void }
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean }
  /** One line of result on stdout. */
  line(text?: string): void
  /** Colours that are the text itself when colour is off. */
  readonly colour: {
    bold(text: string): string
    dim(text: string): string
    green(text: string): string
    yellow(text: string): string
    red(text: string): string
    cyan(text: string): string
  }
}
