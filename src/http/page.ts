/** A page for whoever followed a link: a heading and a paragraph, no script, nothing loaded from anywhere. */
import { html } from '../base/markup.ts'
import type { HttpAnswer } from './route.ts'

export const page = (status: number, { title, text }: { readonly title: string; readonly text: string }): HttpAnswer => ({
  status,
  headers: {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
    'referrer-policy': 'no-referrer',
  },
  body: `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${html(title)}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:15vh auto;padding:0 1rem}</style></head>
<body><h1>${html(title)}</h1><p>${html(text)}</p></body></html>
`,
})
