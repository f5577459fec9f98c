// RSA-2048 signatures a second that this machine can do on all its cores, 20 at a time, the way DKIM wants them: one line on stdout.
// A process of its own, because the size of libuv's pool is fixed once it is used; the parent sets UV_THREADPOOL_SIZE.
import { generateKeyPairSync, sign } from 'node:crypto'

const AT_ONCE = 20
const [seconds = '2'] = process.argv.slice(2)
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const header = Buffer.alloc(600, 'x')

let signed = 0
let until = Number.POSITIVE_INFINITY
let began = 0
let running = AT_ONCE

function next() {
  sign('sha256', header, privateKey, error => {
    if (error) throw error
    signed += 1
    if (performance.now() < until) return next()
    running -= 1
    if (running === 0) console.log(signed / ((performance.now() - began) / 1000))
  })
}

began = performance.now()
until = began + Number(seconds) * 1000
for (let begun = 0; begun < AT_ONCE; begun += 1) next()
