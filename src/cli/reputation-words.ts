/** What a verdict on a rate is called and painted. */
export const VERDICT_WORDS = { 'not-representative': 'too few to say', good: 'good', review: 'review', pause: 'suspended' } as const
export const VERDICT_COLOURS = { 'not-representative': 'dim', good: 'green', review: 'yellow', pause: 'red' } as const
