/** The machine that an account lives on, as far as sending mail depends on it. Nothing here needs an account to be opened. */

export interface DiskState {
  /** For us, in octets. */
  readonly freeBytes: number
  /** How long a small file takes to be on disk, in milliseconds: the median of some. */
  readonly syncMs: number
}

export interface MachineFacts {
  readonly node: string
  readonly platform: string
  readonly release: string
  readonly arch: string
  readonly cpus: number
  readonly memoryBytes: number
}

export interface Machine {
  readonly facts: MachineFacts
  /** Files and folders of the home that others than their owner may read or write, relative to it; at most 20. @throws MailctlError store-unavailable */
  exposed(): Promise<readonly string[]>
  /** @throws MailctlError store-unavailable, when nothing can be written in the home */
  disk(): Promise<DiskState>
  /** Of the network interfaces, those that are neither loopback nor link-local. */
  addresses(): readonly string[]
  /** What the system says of its clock; undefined: nothing that can be read here. */
  clockIsKept(): Promise<boolean | undefined>
  /** RFC 4330. @returns milliseconds by which this clock is ahead of the server's  @throws MailctlError unreachable */
  clockAheadMs(server: { readonly host: string; readonly port: number }, signal: AbortSignal): Promise<number>
}
