import { describe, expect, it } from 'vitest'
import { embedImages, localImages } from '../../../src/mail/embed-images.ts'

describe('local images', () => {
  it.each([
    ['<img src="logo.png">', ['logo.png']],
    ["<IMG alt='a > b' SRC='a%20b.png' width=1>", ['a b.png']],
    ['<img src=logo.png><img src="logo.png">', ['logo.png']],
    ['<img src="a&amp;b.png?v=1#x">', ['a&b.png']],
    [
      '<img src="https://x.example/a.png"><img src="//x.example/a.png"><img src="cid:a"><img src="data:image/png;base64,AA=="><img src="">',
      [],
    ],
    ['<!-- <img src="no.png"> --><p>src="no.png"</p><image src="no.png">', []],
    ['<img data-src="no.png" src="yes.png">', ['yes.png']],
  ])('%s', (html, paths) => {
    expect(localImages(html)).toEqual(paths)
  })

  it('are replaced where they stand, and nothing else is', () => {
    const html = '<p>logo.png</p><img alt="logo.png" src="logo.png"/><img src="other.png">'
    expect(embedImages(html, new Map([['logo.png', 'image1@example.com']]))).toBe(
      '<p>logo.png</p><img alt="logo.png" src="cid:image1@example.com"/><img src="other.png">',
    )
  })

  it('are found in time in proportion to the text', () => {
    const started = performance.now()
    localImages('<img '.repeat(20_000))
    localImages(`<img ${'"'.repeat(50_001)}`)
    localImages('<!-- '.repeat(20_000))
    expect(performance.now() - started).toBeLessThan(5_000)
  })
})
