/** Whether anybody else is at work on this account: what a command that waits has to know. */
export interface OtherProcesses {
  /** @returns a function that says whether another process has committed anything since it was last called; costs microseconds */
  watchOthers(): () => boolean
  /** Whether a live process other than this one has taken mail in hand since it started; `serve` has at once. */
  othersAtWork(): Promise<boolean>
}
