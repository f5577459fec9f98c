/**
 * Settings of Virtual Deliverability Manager, which are kept and shown; nothing is collected by them. SES facts: concepts §9, api-v2
 * "VdmAttributes", "VdmOptions".
 */
export type Switch = 'ENABLED' | 'DISABLED'

/** Of a configuration set; what is absent is as the account has it. */
export interface VdmOptions {
  readonly engagementMetrics?: Switch
  readonly optimizedSharedDelivery?: Switch
}

/** Of the account; what is absent was never said. */
export interface VdmAttributes extends VdmOptions {
  readonly enabled: Switch
}
