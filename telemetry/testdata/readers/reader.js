#!/usr/bin/env node
// reader.js [KEY]: reads a telemetry datagram in hex from standard input and
// prints its message as JSON. With the KEY (hex) of the device, only if
// sealed. It needs nothing but Node.
const { createHmac, timingSafeEqual } = require('crypto'), { readFileSync } = require('fs')
const NAMES = JSON.parse(readFileSync(`${__dirname}/../../names.json`))

// decode reads one value of b at at.n; integers above 2^53 become a BigInt.
function decode(b, at) {
  const major = b[at.n] >> 5, low = b[at.n++] & 31
  if (major === 7 || low > 27) return { 20: false, 21: true, 22: null }[low]
  const size = low < 24 ? 0 : 1 << (low - 24), list = (n) => Array.from({ length: n }, () => decode(b, at))
  const big = size === 8 ? b.readBigUInt64BE(at.n) : BigInt(size ? b.readUIntBE(at.n, size) : low)
  const n = big <= Number.MAX_SAFE_INTEGER ? Number(big) : big
  at.n += size
  if (major < 2) return major === 0 ? n : typeof n === 'bigint' ? -1n - n : -1 - n
  if (major < 4) { const s = b.subarray(at.n, at.n += n); return major === 2 ? s : s.toString() }
  if (major === 4) return list(n)
  if (major === 6) return { tag: n, value: decode(b, at) }
  return new Map(Array.from({ length: n }, () => { const k = decode(b, at), from = at.n; return [k, { value: decode(b, at), raw: b.subarray(from, at.n) }] }))
}

// named gives the values their names; null and a missing tail are unknown.
const named = (names, values, words = {}) => Object.fromEntries(names.map((n, i) => [n, words[n]?.[values[i]] ?? values[i]])
  .filter(([, v]) => v !== null && v !== undefined))

function message(m, out) {
  for (const [key, { value, raw }] of m) {
    const fact = typeof key === 'number' ? NAMES[key] : undefined
    if (!fact) (out.extra ??= []).push({ key, cbor: raw.toString('hex') })
    else if (fact.rows) out[fact.name] = value.map((row) => named(fact.rows, row))
    else if (fact.elements) out[fact.name] = named(fact.elements, value, fact.words)
    else Object.assign(out, named([fact.name], [value], fact.words))
  }
  return out
}

const bytes = (major, b) => Buffer.concat([b.length < 24 ? Buffer.of(major | b.length) : b.length < 256 ? Buffer.of(major | 24, b.length) : Buffer.of(major | 25, b.length >> 8, b.length & 255), b])
let datagram = decode(Buffer.from(readFileSync(0, 'utf8').trim(), 'hex'), { n: 0 }), out = {}
if (process.argv[2]) { // COSE_Mac0, HMAC 256/64
  const [head, header, payload, tag] = datagram.value, to = Buffer.concat([Buffer.of(0x84), bytes(0x60, Buffer.from('MAC0')), bytes(0x40, head), Buffer.of(0x40), bytes(0x40, payload)])
  const mac = createHmac('sha256', Buffer.from(process.argv[2], 'hex')).update(to).digest().subarray(0, 8)
  if (datagram.tag !== 17 || head.toString('hex') !== 'a10104' || tag.length !== 8 || !timingSafeEqual(mac, tag)) { console.error('forged'); process.exit(1) }
  datagram = decode(payload, { n: 0 }); out.serial = header.get(4).value.toString()
}
const text = JSON.stringify(message(datagram, out), (_, v) => (typeof v === 'bigint' ? `\0${v}` : v))
console.log(text.replace(/"\\u0000(-?\d+)"/g, '$1')) // JSON of JavaScript has no BigInt
