/** `mailctl destination test`: sends a made-up event, and shows the request and what was answered. */
import { printable, printableLines } from '../../../base/redact.ts'
import { readDestination } from '../../../operations/event-destinations.ts'
import { type DestinationTest, testDestination } from '../../../operations/test-destination.ts'
import { command } from '../../command.ts'
import { leadsTo, OWNER_FLAGS, ownerFlag } from '../../destination.ts'
import { textFlag } from '../../moments.ts'

export default command<DestinationTest>({
  path: 'destination test',
  arguments: '<name>',
  summary: 'Send a made-up event to a destination and show both sides',
  details: 'Nothing is stored, and a destination that is off or not confirmed gets it too.',
  examples: ['mailctl destination test hooks', 'mailctl destination test hooks --config-set receipts --type BOUNCE --json'],
  options: [...OWNER_FLAGS, { flags: '--type <type>', summary: 'BOUNCE, DELIVERY, … (default: DELIVERY, or the first that it is told)' }],
  fails: ['usage', 'bad-data', 'not-found', 'conflict', 'unreachable', 'config', 'store-unavailable'],
  results: { 0: 'the destination took it', 1: 'it did not' },
  async run({ app, signal }, [name = ''], flags) {
    const opened = await app()
    const type = textFlag(flags, 'type')
    const destination = await readDestination(opened, ownerFlag(flags), name)
    return await testDestination(opened, destination, { signal, ...(type !== undefined && { type }) })
  },
  json: ({ destination, parcel, receipt }) => ({
    EventDestinationName: destination.name,
    Taken: receipt.taken,
    Result: receipt.summary,
    Milliseconds: receipt.ms,
    Request: {
      ...(destination.place.kind === 'url' && { Method: 'POST', Url: destination.place.url, Headers: parcel.headers }),
      Body: parcel.body,
    },
    ...(receipt.response && {
      Response: { StatusCode: receipt.response.status, Headers: receipt.response.headers, Body: receipt.response.body },
    }),
  }),
  show(io, { destination, parcel, receipt }) {
    const { colour } = io
    io.line(colour.bold(printable(leadsTo(destination))))
    if (destination.place.kind === 'url')
      for (const [name, value] of Object.entries(parcel.headers)) io.line(colour.dim(`> ${name}: ${printable(value)}`))
    for (const line of printableLines(parcel.body).split('\n')) io.line(`> ${line}`)
    io.line()
    for (const [name, value] of Object.entries(receipt.response?.headers ?? {}))
      io.line(colour.dim(`< ${printable(name)}: ${printable(value)}`))
    const body = receipt.response?.body ?? ''
    if (body !== '') for (const line of printableLines(body.trimEnd()).split('\n')) io.line(`< ${line}`)
    io.line((receipt.taken ? colour.green : colour.red)(`${printable(receipt.summary)} (${receipt.ms} ms)`))
  },
  exit: ({ receipt }) => (receipt.taken ? 0 : 1),
})
