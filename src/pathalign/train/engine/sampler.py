"""Which items a step sees: a pure function of seed, epoch and position, the same for any number of processes."""

from __future__ import annotations

import functools
import hashlib

import numpy as np

IN_MEMORY = 2**22
"""Up to so many items an epoch's order is a stored permutation (8 bytes an item); above it is computed item by item."""
ROUNDS = 8


def batch_at(step: int, *, items: int, batch: int, seed: int) -> np.ndarray:
    """Indices of the items of a step: every epoch visits all items once, in an order drawn from (seed, epoch)."""
    return items_at(np.arange(step * batch, (step + 1) * batch), items=items, seed=seed)


def items_at(positions: np.ndarray, *, items: int, seed: int) -> np.ndarray:
    """The items at positions of the endless sequence of epochs; position p is in epoch p // items."""
    found = np.empty(len(positions), np.int64)
    for epoch in np.unique(positions // items):
        here = positions // items == epoch
        place = positions[here] % items
        if items <= IN_MEMORY:
            found[here] = _order(items, seed, int(epoch))[place]
        else:
            found[here] = _permuted(place, items, seed, int(epoch))
    return found


@functools.lru_cache(maxsize=2)
def _order(items: int, seed: int, epoch: int) -> np.ndarray:
    order = np.random.default_rng([seed, epoch]).permutation(items)
    order.setflags(write=False)
    return order


def _permuted(place: np.ndarray, items: int, seed: int, epoch: int) -> np.ndarray:
    """Where a keyed permutation of 0..items-1 sends each place, without ever holding the permutation.

    A balanced Feistel network permutes the next power of four; what falls outside is sent on until it falls inside
    (cycle walking; Black and Rogaway 2002), fewer than four times on average.
    """
    half = (max(2, (items - 1).bit_length()) + 1) // 2
    key = hashlib.sha256(f"{seed}/{epoch}/{items}".encode()).digest()
    keys = np.frombuffer(key, np.uint32)[:ROUNDS].astype(np.uint64)
    found = _feistel(place.astype(np.uint64), keys, half)
    while (outside := found >= items).any():
        found[outside] = _feistel(found[outside], keys, half)
    return found.astype(np.int64)


def _feistel(x: np.ndarray, keys: np.ndarray, half: int) -> np.ndarray:
    bits, mask = np.uint64(half), np.uint64((1 << half) - 1)
    left, right = x >> bits, x & mask
    for key in keys:
        left, right = right, left ^ (_mixed(right + (key << np.uint64(32))) & mask)
    return (left << bits) | right


def _mixed(x: np.ndarray) -> np.ndarray:
    """The finaliser of SplitMix64: every bit of the input moves half the bits of the output. Wraps modulo 2**64."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
