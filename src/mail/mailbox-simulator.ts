/** Which addresses are the mailbox simulator's, and what the account's books make of them. SES facts: simulator, "Addresses" and "Accounting". */

export const SIMULATOR_DOMAIN = 'simulator.amazonses.com'

/** Counts in the send rate, never in the daily quota; its bounces never count against the account. */
export const isSimulatorAddress = (address: string): boolean => address.toLowerCase().endsWith(`@${SIMULATOR_DOMAIN}`)
