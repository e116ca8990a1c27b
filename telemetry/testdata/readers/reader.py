#!/usr/bin/python3
"""reader.py [KEY]: reads a telemetry datagram in hex from standard input and
prints its message as JSON. With the KEY (hex) of the device, only if sealed."""
import cbor2, hashlib, hmac, json, pathlib, sys  # cbor2: Debian's python3-cbor2

NAMES = json.loads((pathlib.Path(__file__).parents[2] / "names.json").read_text())

def named(names, values, words):
    pairs = zip(names, values)  # null and a missing tail are unknown
    return {n: words[n][v] if n in words and v < len(words[n]) else v for n, v in pairs if v is not None}

def message(m):
    out, extra = {}, []
    for key, value in m.items():
        fact = NAMES.get(str(key)) if isinstance(key, int) else None
        if fact is None:
            extra.append({"key": key, "cbor": cbor2.dumps(value).hex()})
        elif "rows" in fact:
            out[fact["name"]] = [named(fact["rows"], row, {}) for row in value]
        elif "elements" in fact:
            out[fact["name"]] = named(fact["elements"], value, fact.get("words", {}))
        else:
            out.update(named([fact["name"]], [value], fact.get("words", {})))
    return dict(out, extra=extra) if extra else out

datagram, out = cbor2.loads(bytes.fromhex(sys.stdin.read())), {}
if len(sys.argv) > 1:  # COSE_Mac0, HMAC 256/64
    protected, header, payload, tag = datagram.value
    mac = hmac.new(bytes.fromhex(sys.argv[1]), cbor2.dumps(["MAC0", protected, b"", payload]), hashlib.sha256)
    if datagram.tag != 17 or protected != b"\xa1\x01\x04" or not hmac.compare_digest(mac.digest()[:8], tag):
        sys.exit("forged")
    datagram, out = cbor2.loads(payload), {"serial": header[4].decode()}
print(json.dumps(dict(out, **message(datagram))))
