"""Hashes of strings that agree with TensorFlow's hash buckets, and so with Keras' layers."""

from __future__ import annotations

import struct

_K0, _K1, _K2 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F
_MASK = 2**64 - 1


def _u64(data, at):
    return struct.unpack_from("<Q", data, at)[0]


def _u32(data, at):
    return struct.unpack_from("<I", data, at)[0]


def _rotated(x, by):
    x &= _MASK
    return (x >> by) | (x << (64 - by)) & _MASK


def _shifted(x):
    x &= _MASK
    return x ^ (x >> 47)


def _mixed(u, v, factor):
    a = _shifted((u ^ v) * factor)
    return _shifted((v ^ a) * factor) * factor & _MASK


def _short(data):
    n = len(data)
    factor = _K2 + 2 * n
    if n >= 8:
        a, b = _u64(data, 0) + _K2, _u64(data, n - 8)
        c, d = _rotated(b, 37) * factor + a, (_rotated(a, 25) + b) * factor
        return _mixed(c & _MASK, d & _MASK, factor)
    if n >= 4:
        return _mixed(n + (_u32(data, 0) << 3), _u32(data, n - 4), factor)
    if n:
        y, z = data[0] + (data[n >> 1] << 8), n + (data[-1] << 2)
        return _shifted((y * _K2 ^ z * _K0) & _MASK) * _K2 & _MASK
    return _K2


def _middle(data):
    n = len(data)
    factor = _K2 + 2 * n
    if n <= 32:
        a, b = _u64(data, 0) * _K1, _u64(data, 8)
        c, d = _u64(data, n - 8) * factor, _u64(data, n - 16) * _K2
        u = _rotated(a + b, 43) + _rotated(c, 30) + d
        return _mixed(u & _MASK, (a + _rotated(b + _K2, 18) + c) & _MASK, factor)
    a, b = _u64(data, 0) * _K2, _u64(data, 8)
    c, d = _u64(data, n - 8) * factor, _u64(data, n - 16) * _K2
    y = (_rotated(a + b, 43) + _rotated(c, 30) + d) & _MASK
    z = _mixed(y, (a + _rotated(b + _K2, 18) + c) & _MASK, factor)
    e, f = _u64(data, 16) * factor, _u64(data, 24)
    g, h = (y + _u64(data, n - 32)) * factor, (z + _u64(data, n - 24)) * factor
    u = _rotated(e + f, 43) + _rotated(g, 30) + h
    return _mixed(u & _MASK, (e + _rotated(f + a, 18) + g) & _MASK, factor)


def _weak(data, at, a, b):
    w, x, y, z = (_u64(data, at + 8 * i) for i in range(4))
    a += w
    b = _rotated(b + a + z, 21)
    c = a
    a += x + y
    return (a + z) & _MASK, (b + _rotated(a, 44) + c) & _MASK


def _long(data):
    n = len(data)
    x, y = 81, 81 * _K1 + 113 & _MASK
    z = _shifted(y * _K2 + 113) * _K2 & _MASK
    v = w = (0, 0)
    x = (x * _K2 + _u64(data, 0)) & _MASK
    factor = _K1
    ends = (n - 1) // 64 * 64
    for at in range(0, ends, 64):
        x = _rotated(x + y + v[0] + _u64(data, at + 8), 37) * factor & _MASK
        y = _rotated(y + v[1] + _u64(data, at + 48), 42) * factor & _MASK
        x ^= w[1]
        y = (y + v[0] + _u64(data, at + 40)) & _MASK
        z = _rotated(z + w[0], 33) * factor & _MASK
        v = _weak(data, at, v[1] * factor & _MASK, x + w[0])
        w = _weak(data, at + 32, z + w[1], y + _u64(data, at + 16))
        z, x = x, z
    factor = _K1 + ((z & 0xFF) << 1)
    at = n - 64
    w = (w[0] + ((n - 1) & 63)) & _MASK, w[1]
    v = (v[0] + w[0]) & _MASK, v[1]
    w = (w[0] + v[0]) & _MASK, w[1]
    x = _rotated(x + y + v[0] + _u64(data, at + 8), 37) * factor & _MASK
    y = _rotated(y + v[1] + _u64(data, at + 48), 42) * factor & _MASK
    x ^= w[1] * 9 & _MASK
    y = (y + v[0] * 9 + _u64(data, at + 40)) & _MASK
    z = _rotated(z + w[0], 33) * factor & _MASK
    v = _weak(data, at, v[1] * factor & _MASK, x + w[0])
    w = _weak(data, at + 32, z + w[1], y + _u64(data, at + 16))
    z, x = x, z
    first = _mixed(v[0], w[0], factor) + _shifted(y) * _K0 + z
    return _mixed(first & _MASK, (_mixed(v[1], w[1], factor) + x) & _MASK, factor)


def fingerprint64(data):
    """Returns FarmHash's 64-bit fingerprint (Pike, 2014) of bytes."""
    return _short(data) if len(data) <= 16 else _middle(data) if len(data) <= 64 else _long(data)


def siphash64(data, key):
    """Returns SipHash-2-4 (Aumasson and Bernstein, 2012) of bytes, keyed by two integers."""
    k0, k1 = (int(k) & _MASK for k in key)
    v = [
        k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D,
        k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573,
    ]  # fmt: skip

    def rounds(count):
        for _ in range(count):
            v[0] = (v[0] + v[1]) & _MASK
            v[1] = _rotated(v[1], 51) ^ v[0]
            v[0] = _rotated(v[0], 32)
            v[2] = (v[2] + v[3]) & _MASK
            v[3] = _rotated(v[3], 48) ^ v[2]
            v[0] = (v[0] + v[3]) & _MASK
            v[3] = _rotated(v[3], 43) ^ v[0]
            v[2] = (v[2] + v[1]) & _MASK
            v[1] = _rotated(v[1], 47) ^ v[2]
            v[2] = _rotated(v[2], 32)

    padded = data + bytes(7 - len(data) % 8) + bytes([len(data) & 0xFF])
    for at in range(0, len(padded), 8):
        word = _u64(padded, at)
        v[3] ^= word
        rounds(2)
        v[0] ^= word
    v[2] ^= 0xFF
    rounds(4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def bucket(value, count, salt=None):
    """Returns the bucket, in [0, count), of a string or number."""
    data = value if isinstance(value, bytes) else str(value).encode()
    return (fingerprint64(data) if salt is None else siphash64(data, salt)) % count
