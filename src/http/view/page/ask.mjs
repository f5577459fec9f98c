/** Asking the server: JSON by GET, with its own words when it refuses. */

export class Refusal extends Error {
  constructor(status, message) {
    super(message)
    this.status = status
  }
}

/** @throws Refusal when the server says no, TypeError when it is not there */
export async function ask(path, parameters = {}, signal = undefined) {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== undefined && value !== null && value !== ''))
  const response = await fetch(query.size > 0 ? `${path}?${query}` : path, { signal })
  const isJson = response.headers.get('content-type') === 'application/json'
  if (response.ok && isJson) return await response.json()
  throw new Refusal(response.status, isJson ? (await response.json()).error : (await response.text()).trim())
}

/** The first octets of a text that may be long. @returns it, and whether there is more */
export async function askText(path, most) {
  const response = await fetch(path)
  if (!response.ok || !response.body) throw new Refusal(response.status, 'The source cannot be read.')
  const reader = response.body.getReader()
  const decoder = new TextDecoder()
  let text = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return { text: text + decoder.decode(), isWhole: true }
    text += decoder.decode(value, { stream: true })
    if (text.length < most) continue
    await reader.cancel()
    return { text: text.slice(0, most), isWhole: false }
  }
}
